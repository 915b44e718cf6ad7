"""The methods of CalendarService that tell when there is time."""

from __future__ import annotations

from dataclasses import dataclass

from schedsvc.rpc.calls import Call
from schedsvc.rpc.codec import free_busy, suggestions
from schedsvc.rpc.codec.paging import Paging
from schedsvc.rpc.errors import status_of
from schedsvc.usecases.free_busy import FreeBusy, Taken
from schedsvc.usecases.suggestions import Suggestions
from schedsvc.v1.free_busy_pb2 import QueryFreeBusyRequest, QueryFreeBusyResponse
from schedsvc.v1.suggestions_pb2 import SuggestTimesRequest, SuggestTimesResponse


@dataclass(frozen=True, kw_only=True)
class AvailabilityMethods:
    free_busy: FreeBusy
    suggestions: Suggestions
    paging: Paging

    async def query_free_busy(self, request: QueryFreeBusyRequest, call: Call) -> QueryFreeBusyResponse:
        answer = await self.free_busy.query(call.principal, free_busy.decode(request))
        results = [
            free_busy.encode_taken(target, result)
            if isinstance(result, Taken)
            else free_busy.encode_error(target, status_of(result, call.request_id))
            for target, result in zip(request.targets, answer.results, strict=True)
        ]
        return free_busy.encode(results, answer)

    async def suggest_times(self, request: SuggestTimesRequest, call: Call) -> SuggestTimesResponse:
        page, pin = self.paging.pinned_page(request, call.method, call.audience, default=100, maximum=500)
        found = await self.suggestions.suggest(call.principal, suggestions.decode(request, page, pin))
        token = self.paging.token(suggestions.last(found), request, call.method, call.audience, (found.as_of,))
        errors = {place: status_of(error, call.request_id) for place, error in found.errors.items()}
        return suggestions.encode(found, request, errors, token)
