"""NIST SP 1500-100 version 2 (Election Results Common Data Format) as a JSON schema, for the classes that our export uses.

Written by us from the specification's tables of classes: which attributes there are, which are required, which words an enumeration has.
It is not NIST's own schema file, which is not shipped here; a copy of that is used as well when C1_NIST_SCHEMA names one.
"""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

TEXT: Json = {"type": "string"}
COUNT: Json = {"type": "integer"}
FLAG: Json = {"type": "boolean"}
DATE: Json = {"type": "string", "format": "date"}
MOMENT: Json = {"type": "string", "format": "date-time"}
REFS: Json = {"type": "array", "minItems": 1, "items": TEXT}

DETAIL = ("precinct-level", "summary-contest")
STATUS = ("certified", "correction", "pre-election", "recount", "unofficial-complete", "unofficial-partial")
ELECTION = ("general", "other", "partisan-primary-closed", "partisan-primary-open", "primary", "runoff", "special")
ITEM = (
    "absentee", "absentee-fwab", "absentee-in-person", "absentee-mail", "early", "election-day", "provisional", "seats",
    "total", "uocava", "write-in", "yes", "no", "other",
)  # fmt: skip
COUNTED = ("completed", "in-process", "not-processed", "unknown")
UNIT = (
    "ballot-batch", "ballot-style-area", "borough", "city", "city-council", "combined-precinct", "congressional", "county",
    "county-council", "drop-box", "judicial", "municipality", "other", "polling-place", "precinct", "school", "special",
    "split-precinct", "state", "state-house", "state-senate", "town", "township", "utility", "village", "vote-center",
    "ward", "water",
)  # fmt: skip
VARIATION = [
    "approval",
    "borda",
    "cumulative",
    "majority",
    "n-of-m",
    "plurality",
    "proportional",
    "range",
    "rcv",
    "super-majority",
    "other",
]  # how votes become a result
IDENTIFIER = ("fips", "local-level", "national-level", "ocd-id", "state-level", "other")


def many(name: str, least: int = 0) -> Json:
    return {"type": "array", "minItems": least, "items": {"$ref": f"#/definitions/{name}"}}


def word(words: Any) -> Json:
    return {"enum": list(words)}


def _class(name: str, required: str, **attributes: Json) -> Json:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["@type", *required.split()],
        "properties": {"@type": {"enum": [f"ElectionResults.{name}"]}, "@id": TEXT, **attributes},
    }


def _counts(name: str, required: str, **attributes: Json) -> Json:
    return _class(name, f"GpUnitId Type {required}", GpUnitId=TEXT, Type=word(ITEM), OtherType=TEXT, Round=COUNT, **attributes)


def _contest(name: str, required: str = "", **attributes: Json) -> Json:
    return _class(
        name,
        f"@id ElectoralDistrictId Name {required}",
        Abbreviation=TEXT,
        BallotSelection={
            "type": "array",
            "minItems": 1,
            "items": {"oneOf": [{"$ref": "#/definitions/CandidateSelection"}, {"$ref": "#/definitions/PartySelection"}]},
        },
        BallotSubTitle={"$ref": "#/definitions/InternationalizedText"},
        BallotTitle={"$ref": "#/definitions/InternationalizedText"},
        CountStatus=many("CountStatus"),
        ElectoralDistrictId=TEXT,
        ExternalIdentifier=many("ExternalIdentifier"),
        HasRotation=FLAG,
        Name=TEXT,
        OtherVoteVariation=TEXT,
        SequenceOrder=COUNT,
        SubUnitsReported=COUNT,
        SummaryCounts=many("SummaryCounts"),
        TotalSubUnits=COUNT,
        VoteVariation=word(VARIATION),
        **attributes,
    )


def _selection(name: str, required: str = "", **attributes: Json) -> Json:
    return _class(name, f"@id {required}", SequenceOrder=COUNT, VoteCounts=many("VoteCounts"), **attributes)


SCHEMA: Json = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "$ref": "#/definitions/ElectionReport",
    "definitions": {
        "ElectionReport": _class(
            "ElectionReport",
            "Format GeneratedDate Issuer IssuerAbbreviation SequenceEnd SequenceStart Status VendorApplicationId",
            Format=word(DETAIL),
            GeneratedDate=MOMENT,
            Issuer=TEXT,
            IssuerAbbreviation=TEXT,
            SequenceStart={"type": "integer", "minimum": 1},
            SequenceEnd={"type": "integer", "minimum": 1},
            Status=word(STATUS),
            VendorApplicationId=TEXT,
            IsTest=FLAG,
            TestType=TEXT,
            Notes=TEXT,
            Election=many("Election"),
            GpUnit=many("ReportingUnit"),
            Party=many("Party"),
        ),
        "InternationalizedText": _class("InternationalizedText", "Text", Text=many("LanguageString", 1), Label=TEXT),
        "LanguageString": _class("LanguageString", "Content Language", Content=TEXT, Language=TEXT),
        "ExternalIdentifier": _class("ExternalIdentifier", "Type Value", Type=word(IDENTIFIER), OtherType=TEXT, Value=TEXT, Label=TEXT),
        "CountStatus": _class("CountStatus", "Status Type", Status=word(COUNTED), Type=word(ITEM), OtherType=TEXT),
        "ReportingUnit": _class(
            "ReportingUnit",
            "@id Type",
            Type=word(UNIT),
            OtherType=TEXT,
            Name=TEXT,
            Number=TEXT,
            ComposingGpUnitIds=REFS,
            AuthorityIds=REFS,
            CountStatus=many("CountStatus"),
            ExternalIdentifier=many("ExternalIdentifier"),
            IsDistricted=FLAG,
            IsMailOnly=FLAG,
            SubUnitsReported=COUNT,
            TotalSubUnits=COUNT,
            VotersRegistered=COUNT,
            VotersParticipated=COUNT,
        ),
        "Party": _class(
            "Party",
            "@id Name",
            Name={"$ref": "#/definitions/InternationalizedText"},
            Abbreviation={"$ref": "#/definitions/InternationalizedText"},
            ExternalIdentifier=many("ExternalIdentifier"),
            Slogan={"$ref": "#/definitions/InternationalizedText"},
        ),
        "Election": _class(
            "Election",
            "ElectionScopeId EndDate Name StartDate Type",
            ElectionScopeId=TEXT,
            StartDate=DATE,
            EndDate=DATE,
            Name={"$ref": "#/definitions/InternationalizedText"},
            Type=word(ELECTION),
            OtherType=TEXT,
            Candidate=many("Candidate"),
            CountStatus=many("CountStatus"),
            ExternalIdentifier=many("ExternalIdentifier"),
            Contest={
                "type": "array",
                "items": {"oneOf": [{"$ref": "#/definitions/CandidateContest"}, {"$ref": "#/definitions/PartyContest"}]},
            },
        ),
        "Candidate": _class(
            "Candidate",
            "@id BallotName",
            BallotName={"$ref": "#/definitions/InternationalizedText"},
            PartyId=TEXT,
            PersonId=TEXT,
            IsIncumbent=FLAG,
            IsTopTicket=FLAG,
            ExternalIdentifier=many("ExternalIdentifier"),
        ),
        "CandidateContest": _contest(
            "CandidateContest",
            "VotesAllowed",
            VotesAllowed=COUNT,
            NumberElected=COUNT,
            NumberRunoff=COUNT,
            OfficeIds=REFS,
            PrimaryPartyIds=REFS,
        ),
        "PartyContest": _contest("PartyContest"),
        "CandidateSelection": _selection("CandidateSelection", CandidateIds=REFS, EndorsementPartyIds=REFS, IsWriteIn=FLAG),
        "PartySelection": _selection("PartySelection", "PartyIds", PartyIds=REFS),
        "VoteCounts": _counts("VoteCounts", "Count", Count={"type": "number"}),
        "SummaryCounts": _counts(
            "SummaryCounts",
            "",
            BallotsCast=COUNT,
            BallotsOutstanding=COUNT,
            BallotsRejected=COUNT,
            Overvotes={"type": "number"},
            Undervotes={"type": "number"},
            WriteIns=COUNT,
        ),
    },
}
