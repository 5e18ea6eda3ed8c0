"""The one customer that every trade works for, what he or she pays for, and what was handed over in writing."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField

from staff.erasure import append_only


class Household(models.Model):
    """Customers who live or pay together: what one is given counts for all."""

    name = models.CharField(_("name"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("household")
        verbose_name_plural = _("households")

    def __str__(self) -> str:
        return self.name or f"#{self.pk}"


class Customer(models.Model):
    class Segment(models.TextChoices):
        STANDARD = "standard", _("Standard")
        PLUS = "plus", _("Plus")
        BUSINESS = "business", _("Business")

    number = models.CharField(_("customer number"), max_length=30, unique=True)
    given_name = models.CharField(_("given name"), max_length=120, blank=True)
    family_name = models.CharField(_("family name"), max_length=120, blank=True)
    company = models.CharField(_("company"), max_length=160, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = PhoneNumberField(_("phone"), blank=True)
    language = models.CharField(_("language"), max_length=5, choices=settings.LANGUAGES, default=settings.LANGUAGE_CODE)
    street = models.CharField(_("street"), max_length=160, blank=True)
    postcode = models.CharField(_("postcode"), max_length=16, blank=True)
    city = models.CharField(_("city"), max_length=80, blank=True)
    country = models.CharField(_("country"), max_length=2, default=settings.KVAR_COUNTRY)
    birthday = models.DateField(_("birthday"), null=True, blank=True)
    customer_since = models.DateField(_("customer since"))
    segment = models.CharField(_("segment"), max_length=12, choices=Segment, default=Segment.STANDARD)
    household = models.ForeignKey(
        Household, models.SET_NULL, null=True, blank=True, related_name="members", verbose_name=_("household")
    )
    is_vulnerable = models.BooleanField(_("vulnerable"), default=False, help_text=_("Never offered a longer contract."))
    is_bereaved = models.BooleanField(_("bereaved household"), default=False, help_text=_("Never offered anything."))
    in_debt = models.BooleanField(_("in debt"), default=False)
    may_be_contacted = models.BooleanField(_("agreed to be contacted"), default=False)
    unsubscribed_at = models.DateTimeField(
        _("no marketing mail since"), null=True, blank=True, editable=False
    )  # the customer's own word, which no import overrules
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    erased_at = models.DateTimeField(_("erased at"), null=True, blank=True, editable=False)
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        permissions = [("erase_customer", "May erase a customer for good")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(given_name="", family_name="", company=""), name="customers_customer_has_a_name"
            ),
        ]
        indexes = [
            models.Index(fields=["segment", "id"], name="customers_customer_by_segment"),
            # flags are rare: a list of who has one must not read all who have none
            models.Index(fields=["is_vulnerable", "id"], name="customers_vulnerable", condition=Q(is_vulnerable=True)),
            models.Index(fields=["in_debt", "id"], name="customers_in_debt", condition=Q(in_debt=True)),
            models.Index(fields=["number"], name="customers_customer_erased", condition=Q(erased_at__isnull=False)),
            models.Index(  # who else lives at an address
                Upper("postcode"),
                Upper("street"),
                name="customers_customer_address",
                condition=~Q(street="") & ~Q(postcode=""),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return full_name(self.given_name, self.family_name, self.company)

    @property
    def takes_marketing(self) -> bool:
        """Whether marketing may write: agreed, not taken back, and no mourning in the house."""
        return self.may_be_contacted and self.unsubscribed_at is None and not self.is_bereaved


def full_name(given: str, family: str, company: str) -> str:
    return " ".join(filter(None, (given, family))) or company


class Plan(models.Model):
    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=120)
    monthly_price = models.DecimalField(_("monthly price"), max_digits=8, decimal_places=2)
    monthly_margin = models.DecimalField(
        _("monthly margin"), max_digits=8, decimal_places=2, help_text=_("What is left of the price each month.")
    )
    notice_months = models.PositiveSmallIntegerField(_("notice period, months"), default=1)
    term_months = models.PositiveSmallIntegerField(
        _("contract term, months"), default=0, help_text=_("0: month by month.")
    )
    is_sold = models.BooleanField(_("on sale"), default=True)

    class Meta:
        verbose_name = _("plan")
        verbose_name_plural = _("plans")
        constraints = [
            models.CheckConstraint(condition=Q(monthly_price__gte=0), name="customers_plan_price_not_negative"),
            models.CheckConstraint(
                condition=Q(monthly_margin__lte=F("monthly_price")), name="customers_plan_margin_within_price"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Subscription(models.Model):
    class Status(models.TextChoices):
        ACTIVE = "active", _("active")
        PAUSED = "paused", _("paused")
        ENDING = "ending", _("ending")
        ENDED = "ended", _("ended")

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="subscriptions", verbose_name=_("customer"))
    plan = models.ForeignKey(Plan, models.PROTECT, related_name="subscriptions", verbose_name=_("plan"))
    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.ACTIVE)
    monthly_price = models.DecimalField(_("monthly price"), max_digits=8, decimal_places=2)
    monthly_margin = models.DecimalField(_("monthly margin"), max_digits=8, decimal_places=2)
    started_on = models.DateField(_("started"))
    contract_end = models.DateField(_("contract end"), null=True, blank=True, help_text=_("Empty: month by month."))
    notice_months = models.PositiveSmallIntegerField(_("notice period, months"), default=1)
    ends_on = models.DateField(_("ends"), null=True, blank=True)

    class Meta:
        verbose_name = _("subscription")
        verbose_name_plural = _("subscriptions")
        constraints = [
            models.CheckConstraint(condition=Q(monthly_price__gte=0), name="customers_subscription_price_not_negative"),
            models.CheckConstraint(
                condition=Q(monthly_margin__lte=F("monthly_price")), name="customers_subscription_margin_within_price"
            ),
            models.CheckConstraint(
                condition=Q(contract_end__isnull=True) | Q(contract_end__gte=F("started_on")),
                name="customers_contract_ends_after_start",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["ending", "ended"]) | Q(ends_on__isnull=False),
                name="customers_ended_has_a_date",
            ),
        ]
        indexes = [models.Index(fields=["status", "id"], name="customers_by_status")]

    def __str__(self) -> str:
        return f"{self.plan} ({self.customer.number})"


class Note(models.Model):
    """Something worth remembering about the customer, in a colleague's words."""

    customer = models.ForeignKey(
        Customer, models.CASCADE, related_name="notes", db_index=False, verbose_name=_("customer")
    )
    text = models.TextField(_("text"), max_length=4000)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("note")
        verbose_name_plural = _("notes")
        indexes = [models.Index(fields=["customer", "-at", "-id"], name="customers_note_timeline")]

    def __str__(self) -> str:
        return f"#{self.pk}"  # not its text: the admin's log keeps this


class Change(models.Model):
    """Who changed which of the customer's details, from what to what."""

    customer = models.ForeignKey(
        Customer, models.CASCADE, related_name="changes", db_index=False, verbose_name=_("customer")
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("at"))
    version = models.PositiveIntegerField(_("version"))  # the customer's, after this change
    fields = models.JSONField(_("fields"))  # {"city": ["Malmö", "Lund"]}

    class Meta:
        verbose_name = _("change")
        verbose_name_plural = _("changes")
        indexes = [models.Index(fields=["customer", "-at", "-id"], name="customers_change_timeline")]

    def __str__(self) -> str:
        return ", ".join(self.fields)


class Erasure(models.Model):
    """That a customer was erased: who did it, when, on which ground of Art. 17 GDPR. It names nobody."""

    class Ground(models.TextChoices):
        ASKED = "asked", _("the customer asked for it")
        OVER = "over", _("the time for keeping it is over")
        UNLAWFUL = "unlawful", _("it should never have been kept")

    customer = models.OneToOneField(Customer, models.PROTECT, related_name="erasure", verbose_name=_("customer"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("at"))
    ground = models.CharField(_("why"), max_length=10, choices=Ground)

    class Meta:
        verbose_name = _("erasure")
        verbose_name_plural = _("erasures")
        triggers = append_only()

    def __str__(self) -> str:
        return self.get_ground_display()


class Document(models.Model):
    """A letter or receipt. All it says is fixed when it is written; the PDF is typeset when it is first wanted
    (`customers.letters.pdf_of`), and from then on its bytes and their hash never change. Erased, it has no bytes; the
    hash stays, which proves a copy that somebody shows."""

    customer = models.ForeignKey(
        Customer, models.PROTECT, related_name="documents", db_index=False, verbose_name=_("customer")
    )
    kind = models.SlugField(_("kind"), max_length=40)  # the app's own word: "cancellation_receipt"
    title = models.CharField(_("title"), max_length=200)
    language = models.CharField(_("language"), max_length=5)
    template = models.CharField(max_length=60)
    facts = models.JSONField()
    pdf = models.BinaryField(_("PDF"), null=True)
    sha256 = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("document")
        verbose_name_plural = _("documents")
        indexes = [models.Index(fields=["customer", "-created_at", "-id"], name="customers_document_timeline")]

    def __str__(self) -> str:
        return self.title


class Delivery(models.Model):
    """One attempt-until-done to bring a message, with or without a document, to its reader by e-mail."""

    class State(models.TextChoices):
        QUEUED = "queued", _("queued")
        SENT = "sent", _("sent")
        FAILED = "failed", _("failed")
        UNADDRESSED = "unaddressed", _("no e-mail address: hand it over or post it")

    customer = models.ForeignKey(
        Customer, models.PROTECT, related_name="deliveries", db_index=False, verbose_name=_("customer")
    )
    document = models.ForeignKey(
        Document, models.PROTECT, null=True, blank=True, related_name="deliveries", verbose_name=_("document")
    )
    to = models.EmailField(_("to"), blank=True)
    subject = models.CharField(_("subject"), max_length=200)
    body = models.TextField(_("text"))
    headers = models.JSONField(_("headers"), default=dict, blank=True)
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    error = models.CharField(_("last error"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("created at"))
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        indexes = [
            models.Index(fields=["state", "created_at"], name="customers_delivery_queue"),
            models.Index(fields=["customer", "-created_at", "-id"], name="customers_delivery_timeline"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} ({self.get_state_display()})"
