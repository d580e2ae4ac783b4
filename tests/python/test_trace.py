"""Traces: slices, filters, causes, NumPy without a copy, pandas, files."""

import json
import pickle
import time

import numpy
import pytest

import quorumlab
from quorumlab import Cluster, ScenarioError, load, load_trace


@pytest.fixture(scope="module")
def run():
    return load("quorum").run()


def test_it_is_a_sequence(run):
    trace = run.trace
    assert len(trace) > 1000
    assert trace[0].id == 1 and trace[-1].id == len(trace) and trace[5:7][0] == trace[5]
    assert [e.id for e in trace[10:20:3]] == [11, 14, 17, 20]
    assert sum(1 for _ in trace) == len(trace)
    with pytest.raises(IndexError):
        trace[len(trace)]
    assert trace[0].time == trace[0].time_ns / 1e9 and trace[0].words in str(trace[0])


def test_slices_by_time(run):
    part = run.trace["1s":"1.5s"]
    assert all(1.0 <= e.time < 1.5 for e in part) and 0 < len(part) < len(run.trace)
    assert len(run.trace[:1.0]) + len(run.trace["1s":]) == len(run.trace)
    votes = run.trace.filter(kind="vote")
    assert [e.id for e in votes["1s":"1.5s"]] == [e.id for e in part.filter(kind="vote")]
    assert len(run.trace["5s":"4s"]) == 0


def test_filters(run):
    trace = run.trace
    leaders = trace.filter(kind="leader_elected")
    assert {e.kind for e in leaders} == {"became_leader"} and len(leaders) >= 2
    assert all(e.node == "n1" for e in trace.filter(node="n1"))
    assert len(trace.filter(kind=["vote_granted", "vote_refused"], node="n2", after="1s")) \
        == sum(e.kind in ("vote_granted", "vote_refused") and e.node == "n2" and e.time >= 1 for e in trace)
    lost = trace.filter(reason="target_down")
    assert len(lost) and all(e.reason == "target_down" for e in lost)
    for wrong in ({"kind": "became_leder"}, {"node": "n9"}, {"reason": "fun"}):
        with pytest.raises(ScenarioError):
            trace.filter(**wrong)


def test_explaining(run):
    leader = run.trace.filter(kind="became_leader")[0]
    why = run.trace.explain(leader)
    assert why[0] == leader and why[-1].cause == 0 and all(a.cause == b.id for a, b in zip(why, why[1:]))
    assert str(why).splitlines()[-1].endswith(leader.words) and leader.words in str(why)


def test_the_words_are_the_command_lines(run, tool, tmp_path):
    tool("run", "quorum", "--quiet", "--trace", tmp_path / "t.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "t.jsonl").read_text().splitlines()[1:]]
    assert len(lines) == len(run.trace)
    for line, event in zip(lines, run.trace):
        assert (line["id"], line["time_ns"], line["kind"], line.get("node", ""), line["words"]) \
            == (event.id, event.time_ns, event.kind, event.node, event.words)


def test_arrays_copy_nothing(run):
    trace = run.trace
    chunks = trace.chunks()
    assert sum(len(c) for c in chunks) == len(trace) and chunks[0].dtype.itemsize == 56
    assert not chunks[0].flags.owndata and not chunks[0].flags.writeable
    again = trace.chunks()[0]
    assert numpy.shares_memory(chunks[0], again) and numpy.shares_memory(chunks[0]["time_ns"], again)
    assert numpy.shares_memory(trace.records["a"], trace.records) and numpy.shares_memory(trace.column("a"), trace.records)
    assert (numpy.concatenate(chunks) == trace.records).all()
    with pytest.raises(ValueError):
        chunks[0]["a"][0] = 1
    first = chunks[0]["time_ns"][-1]
    del trace, chunks
    assert again["time_ns"][-1] == first


def test_pandas(run):
    frame = run.trace.to_pandas(words=True)
    assert list(frame.columns) == ["time", "kind", "node", "peer", "reason", "cause", "extra", "a", "b", "c", "words"]
    assert frame.index.name == "id" and frame.index[0] == 1 and frame["time"].dtype == float
    for column in ("kind", "node", "peer", "reason"):
        assert frame[column].dtype.name == "category"
    for event in (run.trace[0], run.trace[len(run.trace) // 2], run.trace[-1]):
        row = frame.loc[event.id]
        assert row["kind"] == event.kind and row["words"] == event.words and row["cause"] == event.cause
        assert (row["node"] if isinstance(row["node"], str) else "") == event.node
    assert len(run.trace.filter(kind="vote").to_pandas()) == (frame["kind"].str.startswith("vote_")).sum()
    assert run.trace[:3].to_records()[0]["kind"] == run.trace[0].kind


def test_files(run, tmp_path):
    run.trace.save(tmp_path / "t.qlt")
    again = load_trace(tmp_path / "t.qlt")
    assert again == run.trace and again.names == run.trace.names
    assert again.draw("svg") == pickle.loads(pickle.dumps(run.trace)).draw("svg")
    with pytest.raises(FileNotFoundError):
        load_trace(tmp_path / "none.qlt")
    (tmp_path / "none.qlt").write_text("...")
    with pytest.raises(ScenarioError, match="is not a quorumlab trace") as caught:
        load_trace(tmp_path / "none.qlt")
    assert str(caught.value).count("none.qlt") == 1
    with pytest.raises(OSError):
        run.trace.save(tmp_path / "no" / "t.qlt")


def test_pictures(run, tool):
    assert "<script" not in run._repr_mimebundle_()["image/svg+xml"]
    page = run.player()
    assert page._repr_html_().startswith("<iframe srcdoc=") and "<html" in page.text
    for kind, begin in (("svg", "<svg"), ("perfetto", "{"), ("shiviz", "(?<host>"), ("mermaid", "sequenceDiagram")):
        assert begin in run.trace.draw(kind)[:200]
    assert run.trace.draw("svg") == tool("report", "quorum", "--svg")
    with pytest.raises(ValueError):
        run.trace.draw("gif")
    assert "leads" in run.trace["0s":"3s"].render("ansi")


def test_a_million_records_reach_pandas_in_a_second():
    pytest.importorskip("pandas")
    sim = Cluster(nodes=5, seed=1)
    sim.load(every="1ms", key="k{i}", until="1h")
    while len(sim.trace) < 1_000_000:
        sim.run_for("5s")
    trace = sim.trace[:1_000_000]
    begun = time.perf_counter()
    frame = trace.to_pandas()
    took = time.perf_counter() - begun
    assert len(frame) == 1_000_000 and took < 1, took


def test_the_trace_of_a_moment_stays_as_it_was():
    sim = Cluster(nodes=3, seed=1).run_for("1s")
    before, count = sim.trace, len(sim.trace)
    sim.run_for("1s")
    assert len(before) == count and len(sim.trace) > count and sim.trace is sim.trace
    assert (before.records == sim.trace.records[:count]).all()
