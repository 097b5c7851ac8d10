"""
YouTube: videos, with a key. https://developers.google.com/youtube/v3/docs/search/list

100 searches a day; so one for a topic, not one for each node. Its terms allow 30 days of keeping.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar

from learning_paths.conf import Conf
from learning_paths.exceptions import Reason
from learning_paths.http import Answer, Complaint, Reply, Service
from learning_paths.sources.base import Query, Resource, Role, Source, SourceBase
from learning_paths.sources.reading import (
    image_url,
    minutes_of,
    plain,
    query_text,
    read_each,
    text_of,
    web_url,
)

# The quota is new at midnight in California; nobody needs to know more exactly.
_UNTIL_THE_QUOTA_IS_NEW = 3600.0
_QUOTA_REASONS = frozenset({"quotaExceeded", "dailyLimitExceeded", "rateLimitExceeded"})


class YouTube(SourceBase):
    name = "youtube"
    title = "YouTube"
    role: ClassVar[Role] = "resources"
    url = "https://www.googleapis.com/youtube/v3"
    needs = "YOUTUBE_KEY"

    @classmethod
    def is_set_up(cls, conf: Conf) -> bool:
        return bool(conf.source_keys.get(cls.name))

    def _search(self, query: Query) -> Sequence[Resource]:
        params = {
            "part": "snippet",
            "type": "video",
            "q": query_text(query.words),
            "maxResults": str(query.limit),
            "relevanceLanguage": query.language,
            "safeSearch": "strict",
            "videoEmbeddable": "true",
        }
        videos = self._client.ask(
            self._service("search"),
            params,
            lambda answer: read_each(
                answer.json["items"], lambda item: self._video(item, query, answer)
            )[: query.limit],
        )
        return self._with_particulars(videos) if videos else []

    def _with_particulars(self, videos: Sequence[Resource]) -> Sequence[Resource]:
        params = {
            "part": "contentDetails,statistics",
            "id": ",".join(video.key for video in videos),
        }
        known = dict(
            self._client.ask(
                self._service("videos"),
                params,
                lambda answer: read_each(answer.json["items"], _particulars),
            )
        )
        return [
            replace(video, minutes=known[video.key][0], votes=known[video.key][1])
            if video.key in known
            else video
            for video in videos
        ]

    def _service(self, method: str) -> Service:
        return Service(
            title=self.title,
            url=f"{self._base_url()}/{method}",
            complaint=_complaint,
            fresh_for=timedelta(days=14),
            secrets={"key": self._key},
        )

    def _video(self, item: Mapping[str, Any], query: Query, answer: Answer) -> Resource | None:
        snippet = item["snippet"]
        if snippet.get("liveBroadcastContent", "none") != "none":
            return None
        key = text_of(item["id"]["videoId"])
        url = web_url(f"https://www.youtube.com/watch?v={key}")
        thumbnails = snippet.get("thumbnails", {})
        return Resource(
            key=key,
            title=plain(snippet["title"]),
            url=url,
            language=query.language,
            type="video",
            description=plain(snippet.get("description")),
            provenance=self._provenance(url, answer),
            author=plain(snippet.get("channelTitle")) or None,
            thumbnail=image_url(thumbnails.get("medium", {}).get("url")),
        )


def _particulars(item: Mapping[str, Any]) -> tuple[str, tuple[int | None, int | None]]:
    views = item.get("statistics", {}).get("viewCount")
    minutes = minutes_of(item["contentDetails"].get("duration", ""))
    return text_of(item["id"]), (minutes, None if views is None else int(views))


def _complaint(reply: Reply) -> Complaint | None:
    error = reply.json.get("error") if isinstance(reply.json, Mapping) else None
    if not error:
        return None
    reasons = {str(one.get("reason")) for one in error.get("errors", [])}
    if reasons & _QUOTA_REASONS:
        return Complaint(Reason.THROTTLED, "quota", _UNTIL_THE_QUOTA_IS_NEW)
    return None


SOURCES: tuple[type[Source], ...] = (YouTube,)
