"""
Rules as data: our semgrep packs with their samples, and our judgement of other scanners' rules.

Ask ``rules.catalog``; ``python -m rules.build`` compiles what people write into what is loaded.
"""

from rules.catalog import (
    RuleInfo,
    RuleText,
    compiled_pack,
    compiled_secret_rules,
    digest,
    languages,
    rule_ids,
    rule_info,
    rule_text,
    semgrep_rule_id,
)

__all__ = [
    "RuleInfo",
    "RuleText",
    "compiled_pack",
    "compiled_secret_rules",
    "digest",
    "languages",
    "rule_ids",
    "rule_info",
    "rule_text",
    "semgrep_rule_id",
]
