"""How to mend what a rule found, or what to do about a piece of advice; by the rule's name."""

# ruff: noqa: E501 (a sentence is looked up and read whole)

from __future__ import annotations

REMEDIES = {
    "form": "Compare the field with docs/catalogue.md: its name, its type and its three languages.",
    "texts_are_there_in_every_language": "Give the text in pt, en and es, without space around it.",
    "programs_print_their_output": "Mend the program, or let `output` be what it prints.",
    "names_lead_to_one_topic": "Take the alias out of one of the two files.",
    # rules.py
    "ids_are_unique_slugs": "Write ids in a-z, 0-9 and single hyphens, and each once.",
    "head_is_in_order": "Mend the head of the file, which ends at the first [[…]].",
    "branches_are_of_a_teachable_size": "Join small branches, or move concepts to them.",
    "concepts_are_enough_for_the_largest_path": "Add concepts; a path may have 30 nodes.",
    "prerequisites_stand_earlier": "Move the concept behind all that it needs; there is no cycle then.",
    "prerequisites_are_few_and_direct": "Keep up to three that are needed themselves, not through others.",
    "essentials_are_a_path_of_their_own": "Mark as essential what the shortest path needs, and all before it.",
    "kinds_have_enough_members": "Use one of the other kinds, or one that four concepts share.",
    "longest_chain_fits_a_tree": "Take out the weakest prerequisite of the chain, or add the one missing.",
    "difficulty_never_falls": "Raise the difficulty to that of the prerequisite, or lower that one.",
    "minutes_are_sane": "Give the minutes to read and try, without the exercise.",
    "neighbours_exist": "Name concepts of this file by their ids, in one of the two lists.",
    "reason_goes_with_a_prerequisite": "Say what of the first prerequisite is needed here; else leave it out.",
    # text_rules.py
    "lengths_are_readable": "Shorten or lengthen the text in that language.",
    "texts_are_translated": "Translate the text.",
    "definitions_begin_without_an_article": "Begin with the noun.",
    "definitions_keep_their_term_secret": "Say it in other words: quizzes ask for the term by this text.",
    "definitions_differ": "Say what sets the two apart.",
    "terms_name_one_concept": "Keep the name with the concept that people mean by it.",
    "objectives_can_be_checked": "Begin with a verb for what the learner does: write, compare, explain.",
    "facts_have_one_blank": "Put {} once, where the term stands.",
    "facts_keep_their_term_secret": "Keep the term and its forms inside the blank.",
    "facts_name_no_other_concept": "Use another word for the other concept, or another fact.",
    "facts_give_no_form_away": "Move the blank, so that no article or gender stands beside it.",
    "facts_stand_alone": "Begin with what the sentence is about.",
    # exercise_rules.py
    "exercises_have_the_fields_of_their_kind": "See “Exercises” in docs/catalogue.md.",
    "checklists_are_short": "Give two to four things the learner can tick.",
    "answers_are_there_and_not_in_the_prompt": "Ask without saying the answer; give it in each language.",
    "programs_are_python_that_always_prints_the_same": "Use Python's standard library only, without input or clock.",
    # resource_rules.py
    "urls_are_https_and_canonical": "Copy the address of the page itself and take out what only tracks.",
    "hosts_are_judged": "Judge the host, add it to HOSTS in resource_rules.py, or leave the link out.",
    "urls_are_unique": "Leave the page where it helps most.",
    "languages_match_the_wiki": "Set `lang` to the language of the page.",
    "resources_are_described": "Mend the field of that resource.",
    "resources_are_enough": "Add pages you are certain of: Wikipedia, official documentation, open books.",
    # advice.py
    "pages_are_there_in_each_language": "Add a page if you are certain of one; a wrong link is worse than none.",
    "pages_say_what_they_are_about": "Use the words of the concept in the page's description.",
    "questions_can_be_asked": "Reword the text; for few options, give terms or definitions of like length.",
    "concepts_have_enough_questions": "Add a fact, or mend what the other lines on this concept name.",
    "confusable_terms_can_stand_side_by_side": "Name one more confusable concept, whose term has no word of this one.",
    "aliases_give_nothing_away": "Reword the definition, so that it does not spell the alias out.",
}
