"""API v1 for what customers send: upload by the same checks as the desk's, list, download."""

from typing import Any

from django.http import FileResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from complaints import actions
from complaints.downloads import download
from complaints.files import check
from complaints.models import Attachment, ComplaintCase
from staff.schema import REFUSED


class AttachmentSerializer(serializers.ModelSerializer[Attachment]):
    class Meta:
        model = Attachment
        fields = ["id", "message", "name", "content_type", "size", "sha256", "added_at"]
        read_only_fields = fields


class UploadSerializer(serializers.Serializer[Any]):
    file = serializers.FileField(help_text="PDF, JPEG or PNG, at most 15 MB; judged by its content.")


class Attachments(APIView):
    """The files of a complaint: GET them, POST one (multipart)."""

    permissions = {"GET": "complaints.view_complaintcase", "POST": "complaints.register_complaint"}
    parser_classes = [MultiPartParser]

    @extend_schema(operation_id="complaint_attachments", responses=AttachmentSerializer(many=True), tags=["complaints"])
    def get(self, request: Request, number: str) -> Response:
        case = get_object_or_404(ComplaintCase.objects.only("pk"), number=number)
        return Response(AttachmentSerializer(case.attachments.order_by("pk"), many=True).data)

    @extend_schema(
        operation_id="complaint_attach",
        request={"multipart/form-data": UploadSerializer},
        responses={201: AttachmentSerializer, 409: REFUSED},
        tags=["complaints"],
    )
    def post(self, request: Request, number: str) -> Response:
        """Attach a file. The same bytes are kept once: sent again, the answer is the attachment that stands."""
        case = get_object_or_404(ComplaintCase.objects.only("pk"), number=number)
        asked = UploadSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        upload = asked.validated_data["file"]
        checked = check(upload.name, upload)
        actions.add_files(case.pk, files=[checked], by=request.user, now=timezone.now())
        kept = Attachment.objects.get(case=case, sha256=checked.sha256)
        return Response(AttachmentSerializer(kept).data, status=status.HTTP_201_CREATED)


class Download(APIView):
    permissions = {"GET": "complaints.view_complaintcase"}

    @extend_schema(
        operation_id="attachment",
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
        tags=["complaints"],
    )
    def get(self, request: Request, pk: int) -> FileResponse:
        """The file as it was sent, with the type that was found in it."""
        return download(get_object_or_404(Attachment, pk=pk))
