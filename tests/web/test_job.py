"""Jobs survive a queue and refuse nonsense."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.job import (
    JOB_KINDS,
    CloseMergeRequest,
    ForgetProject,
    ImportReports,
    JobRequest,
    ScanBranch,
    ScanMergeRequest,
    ScanReason,
    SyncCommit,
    SyncMergeRequest,
    SyncReason,
    decode_job,
    encode_job,
)

ids = st.integers(1, 2**63 - 1)
shas = st.text("0123456789abcdef", min_size=40, max_size=40)
jobs = st.one_of(
    st.builds(ScanMergeRequest, ids, ids, st.none() | shas, st.sampled_from(ScanReason)),
    st.builds(SyncMergeRequest, ids, ids, st.sampled_from(SyncReason)),
    st.builds(SyncCommit, ids, shas, st.sampled_from(SyncReason)),
    st.builds(CloseMergeRequest, ids, ids, st.booleans()),
    st.builds(ScanBranch, ids, st.text("abc/-", min_size=1), shas),
    st.builds(
        ImportReports,
        ids,
        ids,
        shas,
        st.text("abc/-", min_size=1),
        st.none() | ids,
        st.text("0123456789abcdef", min_size=16, max_size=16),
    ),
    st.builds(ForgetProject, ids),
)


REPORTS = encode_job(ImportReports(1, 2, "a" * 40, "main", 3, "0" * 16))


@given(jobs)
def test_every_job_comes_back_from_json_as_it_was(job: JobRequest) -> None:
    document = json.loads(json.dumps(encode_job(job)))
    assert document["kind"] in JOB_KINDS
    assert decode_job(document) == job


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"kind": "make_coffee"},
        {"kind": "forget_project"},
        {"kind": "forget_project", "project_id": 0},
        {"kind": "forget_project", "project_id": 2**63},
        {"kind": "scan_merge_request", "project_id": 1, "iid": 1, "head_sha": "HEAD", "reason": "opened"},
        {"kind": "scan_merge_request", "project_id": 1, "iid": 1, "head_sha": None, "reason": "boredom"},
        {"kind": "scan_branch", "project_id": 1, "branch": "a\nb", "sha": "a" * 40},
        {**REPORTS, "ref": ""},
        {**REPORTS, "iid": 0},
        {**REPORTS, "ending": "success"},
        {**REPORTS, "pipeline_id": -1},
    ],
)
def test_what_is_no_job_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="job"):
        decode_job(document)
