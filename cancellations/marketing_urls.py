"""The addresses of marketing's desk and of the reports, below /cancellations/."""

from django.urls import path

from cancellations.views import engine, incentives, reports

RULES = "rules/<int:pk>/<slug:layer>/<slug:path>/<slug:step>/"
urlpatterns = [
    path("incentives/", incentives.catalogue, name="incentives"),
    path("incentives/new/", incentives.create, name="incentive_create"),
    path("incentives/<int:pk>/", incentives.incentive, name="incentive"),
    path("incentives/<int:pk>/words/", incentives.words, name="incentive_words"),
    path("incentives/<int:pk>/draft/", incentives.start_draft, name="incentive_start"),
    path("versions/<int:pk>/", incentives.draft, name="incentive_draft"),
    path("versions/<int:pk>/try/", incentives.dry_run, name="incentive_try"),
    path("versions/<int:pk>/hand-in/", incentives.hand_in, name="incentive_hand_in"),
    path("versions/<int:pk>/publish/", incentives.publish, name="incentive_publish"),
    path("versions/<int:pk>/retire/", incentives.retire, name="incentive_retire"),
    path("versions/<int:pk>/discard/", incentives.discard, name="incentive_discard"),
    path(RULES, incentives.rule_step, name="rule_step"),
    path(f"{RULES}form/", incentives.condition, name="rule_condition"),
    path("beliefs/", engine.beliefs, name="beliefs"),
    path("budgets/", engine.budgets, name="budgets"),
    path("budgets/<int:pk>/", engine.budgets, name="budget"),
    path("limits/", engine.limits, name="limits"),
    path("figures/", reports.figures, name="figures"),
    path("figures/mine/", reports.mine, name="my_figures"),
    path("reasons/", reports.reasons, name="reasons"),
    path("experiment/", reports.experiment, name="experiment"),
    path("parity/", reports.parity, name="parity"),
    path("history/", reports.history, name="history"),
    path("decisions.<slug:form>", reports.decisions, name="decisions"),
]
