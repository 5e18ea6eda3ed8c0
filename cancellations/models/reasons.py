"""Why people leave, in the company's own list."""

from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _


class Named(models.Model):
    """Reference data that is read in three languages; an empty translation falls back to the name."""

    name = models.CharField(_("name"), max_length=120)
    name_sv = models.CharField(_("name in Swedish"), max_length=120, blank=True)
    name_de = models.CharField(_("name in German"), max_length=120, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.label()

    def label(self, language: str | None = None) -> str:
        """The name in the language given, else in the one in force."""
        return getattr(self, f"name_{(language or get_language() or 'en')[:2]}", "") or self.name


class ReasonCategory(Named):
    code = models.SlugField(_("code"), max_length=40, unique=True)
    order = models.PositiveSmallIntegerField(_("order"), default=100)

    class Meta:
        verbose_name = _("reason category")
        verbose_name_plural = _("reason categories")

    @property
    def unsaid_code(self) -> str:
        return f"{self.code}-not-told"

    def unsaid(self) -> "Reason":
        """The reason of a customer who named the category and nothing more, made where there is none yet. What holds
        for all of the category's reasons (none are offered anything, all are complaints) holds for it."""
        reason = Reason.objects.filter(code=self.unsaid_code).select_related("category").first()
        if reason is None:
            flags = list(self.reasons.values(*Reason.FLAGS))
            shared = {name: bool(flags) and all(row[name] for row in flags) for name in Reason.FLAGS}
            names = {"name": "Nothing more said", "name_sv": "Inget mer sagt", "name_de": "Nichts Näheres gesagt"}
            defaults = {"category": self, "order": 900, **names, **shared}
            reason, _made = Reason.objects.get_or_create(code=self.unsaid_code, defaults=defaults)
        return reason


class Reason(Named):
    FLAGS = ("opens_complaint", "never_offer", "names_competitor")

    category = models.ForeignKey(
        ReasonCategory, models.PROTECT, related_name="reasons", verbose_name=_("reason category")
    )
    code = models.SlugField(_("code"), max_length=60, unique=True)
    order = models.PositiveSmallIntegerField(_("order"), default=100)
    opens_complaint = models.BooleanField(
        _("opens a complaint"), default=False, help_text=_("What is in dispute is handed to the complaints desk.")
    )
    never_offer = models.BooleanField(
        _("never offer anything"), default=False, help_text=_("For a bereaved household, for instance.")
    )
    names_competitor = models.BooleanField(_("asks for the competitor"), default=False)
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        verbose_name = _("reason")
        verbose_name_plural = _("reasons")

    def said(self) -> str:
        """The reason, or its category where nothing more was said. The category must be loaded."""
        return self.category.label() if self.code == self.category.unsaid_code else self.label()
