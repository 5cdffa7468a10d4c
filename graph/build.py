"""The wiring of the graph, in one place. Nodes name their own targets by `Command[Literal[...]]`."""

from langgraph.graph import END, START, StateGraph

from .dependencies import Dependencies
from .nodes.analyse_logs import make_analyse_logs
from .nodes.ask_symptom import make_ask_symptom
from .nodes.await_approval import make_await_approval
from .nodes.check_action import make_check_action
from .nodes.collect import make_collect
from .nodes.diagnose import make_diagnose
from .nodes.execute_action import make_execute_action
from .nodes.intake import make_intake
from .nodes.learn import make_learn
from .nodes.recommend import make_recommend
from .nodes.reconcile import make_reconcile
from .nodes.record_decision import make_record_decision
from .nodes.record_resolution import make_record_resolution
from .nodes.record_symptom import make_record_symptom
from .nodes.report import make_report
from .nodes.verify import make_verify
from .recorder import recorded
from .state import IncidentInput, IncidentOutput, IncidentState

IncidentGraph = StateGraph[IncidentState, None, IncidentInput, IncidentOutput]


def build_graph(deps: Dependencies) -> IncidentGraph:
    """Return the graph, not compiled: the caller chooses the checkpointer.

    intake -> collect (one branch per source) -> analyse_logs -> diagnose -> recommend -> await_approval
    (interrupt) -> record_decision -> execute_action, check_action (loop) -> verify -> report -> learn; an action that
    failed, or whose outcome nobody knows, stops the plan: reconcile (interrupt) -> record_resolution; a symptom that
    stays after the plan: ask_symptom (interrupt) -> record_symptom -> recommend or report
    """
    graph = StateGraph(IncidentState, input_schema=IncidentInput, output_schema=IncidentOutput)
    graph.add_node("intake", make_intake(deps))
    graph.add_node("collect", make_collect(deps))
    graph.add_node("analyse_logs", recorded(deps, make_analyse_logs(deps)))
    graph.add_node("diagnose", recorded(deps, make_diagnose(deps)))
    graph.add_node("recommend", recorded(deps, make_recommend(deps)))
    graph.add_node("await_approval", make_await_approval(deps))
    graph.add_node("record_decision", make_record_decision(deps))
    graph.add_node("execute_action", make_execute_action(deps))
    graph.add_node("check_action", make_check_action(deps))
    graph.add_node("reconcile", make_reconcile(deps))
    graph.add_node("record_resolution", make_record_resolution(deps))
    graph.add_node("verify", make_verify(deps))
    graph.add_node("ask_symptom", make_ask_symptom(deps))
    graph.add_node("record_symptom", make_record_symptom(deps))
    graph.add_node("report", make_report(deps))
    graph.add_node("learn", make_learn(deps))
    graph.add_edge(START, "intake")
    graph.add_edge("collect", "analyse_logs")
    graph.add_edge("analyse_logs", "diagnose")
    graph.add_edge("report", "learn")
    graph.add_edge("learn", END)
    return graph
