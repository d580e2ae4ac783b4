"""Scenarios: written in Python or loaded, the same file, the same digest as the command line's."""

import copy
import json
import pickle

import pytest

import quorumlab
from quorumlab import ExpectationFailed, InvariantViolation, Scenario, ScenarioError, load

from conftest import ROOT


def talk():
    sc = Scenario("quorum-lost-and-regained", nodes=5, seed=42, title="Quorum", clients=1)
    sc.wait_until(leader="exists", within="2s").say("They elect a leader.")
    sc.write(x=1).expect(quorum="available").bookmark("available")
    sc.after("1s").crash("@follower", "@follower").as_("two")
    sc.write(x=2).expect(write="accepted")
    sc.after(1).crash("@leader")
    sc.meanwhile("1500ms").pause("n2")
    sc.meanwhile(1.6).resume("n2")
    sc.wait_until(quorum="unavailable", within=1.0).bookmark("unavailable")
    sc.write("x", 3, within="2s").expect(write="timed-out").slide(22) \
        .question("What becomes of it?", ["It is accepted", "Nobody answers"], 2, "Two of five are no majority.")
    sc.after(["2s", "3s"]).restart("@two")
    sc.wait_until(leader="exists", within="3s")
    sc.load(every="10ms", until="20s")
    sc.after("1s").partition(isolate="@leader")
    sc.after("1s").heal()
    sc.link(from_="n1", to="n2", loss="10%", latency=["5ms", 0.01])
    sc.stall("n1", for_="100ms")
    sc.step(after="1s", transfer="@follower", say="Somebody else.")
    sc.finally_(quorum="available", within="5s")
    return sc


def test_it_writes_the_file_that_the_command_line_reads(tool, tmp_path):
    sc = talk()
    path = sc.save(tmp_path / "talk.scenario.json")
    run = sc.run()
    assert run.ok, run
    assert tool("run", path, "--quiet").split()[-1] == run.digest
    again = json.loads(tool("run", path, "--json", "--seed", 7))
    other = Scenario.from_file(path).run(seed=7)
    assert (again["digest"], again["verdict"], again["events"]) == (other.digest, other.verdict, other.events)
    assert sc.run(trace=False).digest == run.digest
    assert Scenario.from_json(sc.to_json()).run().digest == run.digest
    assert Scenario.from_dict(sc.to_dict()).run().digest == run.digest
    assert pickle.loads(pickle.dumps(sc)).run().digest == run.digest
    assert run.steps[1]["bookmark"] == "available" and sc.bookmarks == ["available", "unavailable"]


@pytest.mark.parametrize("name", ["quorum", "serf", "keys", "leader-election", "lock", "paused-master-without-fencing"])
def test_shipped_ones_have_the_command_lines_digest(tool, name):
    run = load(name).run()
    assert run.ok and run.exit_code == 0
    assert tool("run", name, "--quiet").split()[-1] == run.digest
    assert run.account.strip().splitlines()[-1] == f"digest: {run.digest}"


def test_the_story_is_the_command_lines(tool):
    run = load("quorum").run()
    story = run.story()
    assert "Slide 22: three are down" in story
    assert story.splitlines()[5] in tool("run", "quorum", "--color", "never")


def test_a_name_with_its_folder():
    assert load("measure/split-vote").name == "split-vote-measure" != load("split-vote").name
    with pytest.raises(ScenarioError, match='no scenario "measure/split-vote-2"'):
        load("measure/split-vote-2")


def test_settings():
    run = load("quorum", **{"cluster.nodes": 7}).run()
    assert not run.ok and run.exit_code == 1 and run.failures
    assert run.replay_command.endswith("--set cluster.nodes=7")
    with pytest.raises(ExpectationFailed, match="replay: quorumlab run"):
        run.check()


def test_every_verb_of_the_registry_is_a_method():
    from quorumlab import _core, _generate, _verbs

    for verb in _core.registry()["verbs"]:
        assert hasattr(Scenario, _generate.python_name(verb["name"])), verb["name"]
        assert hasattr(quorumlab.Cluster, _generate.python_name(verb["name"])), verb["name"]
    with open(_verbs.__file__) as file:
        assert file.read() == _generate.source(), "python3 -m quorumlab._generate > pybind/quorumlab/_verbs.py"


def test_the_scenarios_are_found():
    names = quorumlab.scenarios()
    assert {"quorum", "serf", "leader-election"} <= set(names)
    assert (ROOT / "scenarios").resolve() in names["quorum"].resolve().parents


def test_the_rules_are_listed():
    assert {rule.engine for rule in quorumlab.rules()} == {"raft", "serf", "etcd"}
    assert len(quorumlab.rules("raft")) + len(quorumlab.rules("serf")) < len(quorumlab.rules())
    for rule in quorumlab.rules("raft"):
        assert rule.source and rule.meaning and quorumlab.Cluster(rules_off=rule.name)
    with pytest.raises(ValueError, match="no engine 'paxos': there are raft, serf, etcd"):
        quorumlab.rules("paxos")


def test_comments_are_kept():
    text = '{\n  // why\n  "name": "a", "cluster": {"nodes": 3}, "timeline": [{"at": "1s", "say": "http://x"}]\n}\n'
    sc = Scenario.from_json(text)
    assert sc.to_json() == text and sc.to_dict()["timeline"][0]["say"] == "http://x"
    sc.after("1s").crash("n1")
    assert len(sc.to_dict()["timeline"]) == 2


def test_a_violation():
    sc = load("paused-master-without-fencing")
    document = sc.to_dict()
    checker = document.pop("expect_violation")
    document["always"] = [checker]
    run = Scenario.from_dict(document).run()
    assert run.verdict == "invariant violated" and run.exit_code == 2 and not run
    with pytest.raises(InvariantViolation) as caught:
        run.check()
    error = caught.value
    assert error.checker.replace("_", "-") == checker.replace("_", "-")
    assert error.event == run.trace[error.event.id - 1] and error.trace.digest() == run.digest
    assert error.seed == sc.seed and error.replay_command.startswith("quorumlab run ")
    copy = pickle.loads(pickle.dumps(error))
    assert copy.event == error.event and str(copy) == str(error)


def test_a_loaded_file_is_not_changed_by_accident():
    with pytest.raises(ScenarioError):
        load("quorum").crash("n1")


@pytest.mark.parametrize("call, place, words", [
    (lambda sc: sc.crash("n9"), "/timeline/1/crash", "step 2, crash: there is no node"),
    (lambda sc: sc.after("1s").crash(3), "/timeline/1/crash", "step 2, crash: expected"),
    (lambda sc: sc.write(), "/timeline/1/write", 'step 2, write: "key" is missing'),
    (lambda sc: sc.expect(foo=1), "/timeline/1/expect/foo", "step 2, expect.foo: unknown key"),
    (lambda sc: sc.after("1s").expect(leder="exists"), "/timeline/1/expect/leder", 'did you mean "leader"'),
    (lambda sc: sc.wait_until(foo=1, within="1s"), "/timeline/1/wait_until/foo", "unknown key"),
    (lambda sc: sc.meanwhile("1s").crash("n9"), "/meanwhile/0/crash", "meanwhile, step 1, crash: there is no node"),
    (lambda sc: sc.finally_(foo=1), "/finally/0/foo", "finally 1, foo: unknown key"),
    (lambda sc: sc.step(crsh="n1"), "/timeline/1/crsh", 'did you mean "crash"'),
    (lambda sc: sc.crash("@nobody"), "/timeline/1/crash", "unknown selector"),
    (lambda sc: sc.say(3), "/timeline/1/say", "step 2, say: expected a text"),
    (lambda sc: sc.first.wait(), "/timeline/0/wait", "step 1, wait: there is no operation"),
    (lambda sc: sc.first.expect(foo=1), "/timeline/0/expect/foo", "step 1, expect.foo"),
])
def test_mistakes_are_told_where_they_are_made(call, place, words):
    sc = Scenario("a", nodes=3)
    first = sc.crash("n1").as_("first")
    sc.__dict__["first"] = first
    text = sc.to_json()
    with pytest.raises(quorumlab.ScenarioError, match=words) as caught:
        call(sc)
    assert caught.value.pointer == place and caught.value.line == 0 and "line" not in str(caught.value)
    assert sc.to_json() == text and sc.after("1s").restart("@first").run().ok  # nothing of it was kept


def test_steps_lead_on_to_the_next_one(tmp_path):
    sc = Scenario("a", nodes=3)
    sc.wait_until(leader="exists", within="2s").after("1s").crash("@leader").as_("old").wait_until(leader="exists", within="2s") \
        .write(x=1).expect(write="accepted").at("9s").restart("@old").meanwhile("5s").crash("n1")
    assert [next(iter(step)) for step in sc.to_dict()["timeline"]] == ["wait_until", "after", "wait_until", "write", "at"]
    last = sc.say("the end")
    assert last.run().digest == sc.run().digest and last.check() is sc and last.save(tmp_path / "a.scenario.json").exists()
    assert Scenario.load(tmp_path / "a.scenario.json").run().digest == sc.run().digest
    assert Scenario("b", nodes=3).load(every="100ms").run and Scenario.load("quorum").name == "quorum"
    with pytest.raises(quorumlab.ScenarioError, match='no scenario "/nope"'):
        Scenario.load("/nope")
    for thing in (sc, sc.after("1s"), last):
        with pytest.raises(AttributeError, match='did you mean "crash"'):
            thing.crush("n1")


def test_a_copy_can_be_changed():
    sc = Scenario("a", nodes=3)
    sc.at("1s").crash("n1")
    for copied in (copy.copy(sc), copy.deepcopy(sc), pickle.loads(pickle.dumps(sc))):
        copied.at("2s").restart("n1")
        assert len(copied.to_dict()["timeline"]) == 2 and len(sc.to_dict()["timeline"]) == 1


def test_runs_travel(tmp_path):
    from concurrent.futures import ProcessPoolExecutor

    runs = [load("quorum", **{"cluster.nodes": 7}).run(), load("quorum").run(trace=False), talk().run()]
    for run in runs:
        other = pickle.loads(pickle.dumps(run))
        assert (other.digest, other.verdict, other.account, other.steps, repr(other)) == \
            (run.digest, run.verdict, run.account, run.steps, repr(run))
        assert other.trace == run.trace and other.replay_command == run.replay_command
        if run.trace is not None:
            assert other.player().text == run.player().text and other.story() == run.story()
    with ProcessPoolExecutor(2) as pool:
        assert [run.digest for run in pool.map(Scenario.run, [talk()] * 2)] == [runs[2].digest] * 2


def test_snapshots_travel():
    sim = quorumlab.Cluster(nodes=3, seed=1).run_for("1s")
    sim.crash("n1")
    moment = pickle.loads(pickle.dumps(sim.run_for("1s").snapshot()))
    digest = sim.digest
    assert repr(moment) == repr(sim.snapshot()) and sim.run_for("1s").restore(moment).digest == digest
