"""What staff see of tasks, and what they may do to them."""

from tasks.admin.limits import TaskLimitAdmin, TaskLimitInline
from tasks.admin.links import link_result
from tasks.admin.paginator import CappedPaginator
from tasks.admin.tasks import TaskInfoAdmin

__all__ = ["CappedPaginator", "TaskInfoAdmin", "TaskLimitAdmin", "TaskLimitInline", "link_result"]
