"""Use cases of members and of the organisation tree.

Each opens its own `writing()` transaction (or joins the caller's), commits once, appends to the audit
log, and takes the scope within which the caller holds the permission and `now` (aware UTC). Commands
are in `app/members/commands.py`. All raise NotFound for what lies outside the scope and InvalidInput
with one FieldError a field; the field names are the API's (`name`, `org_code`, `accepted_on`, `from`,
`to`, `group`, …).

    members.create_member(draft: MemberDraft, scope, now) -> int              the member's id
    members.update_member(member_id, changes: MemberChanges, scope, now)
    members.show_phone(member_id, scope, now) -> str | None                   logged
    transfers.transfer_member(member_id, org_code, accepted_on, scope, now)   a repeat is harmless
    transfers.end_membership(member_id, left_on, scope, now)                  left the district
    transfer_requests.ask_transfer(member_id, org_code, scope, now) -> int    to a branch outside the scope
    transfer_requests.accept_transfer(request_id, accepted_on, scope, now)    scope of the branch asked
    transfer_requests.decline_transfer(request_id, scope, now)                the same
    transfer_requests.withdraw_transfer(request_id, scope, now)               scope of the branch that asks
    branch_history.correct_branch_start(member_id, starts_on, right, scope, now)
    branch_history.correct_branch(member_id, starts_on, org_code, scope, now)
    branch_history.undo_transfer(member_id, starts_on, scope, now)
    branch_history.undo_leaving(member_id, left_on, scope, now)
    groups.set_group(span: GroupSpan, scope, now, *, approval=None)           PUT
    groups.remove_group(member_id, group, scope, now, *, on=None)             DELETE; from today
    groups.erase_group(member_id, group, starts_on, scope, now)               entered by mistake
    visit_notes.save_visit_note(member_id, details: VisitDetails, scope, now)  scope of "members.visit"
    visit_notes.delete_visit_note(member_id, scope, now)                   a repeat is harmless
    wishes.ask_for_correction(member_id, wish: Wish, now) -> int           the member's own phone
    wishes.enter_wish(member_id, wish: Wish, scope, now) -> int            for a member without one
    wishes.answer_wish(wish_id, state, answer, scope, now)                 done, or declined with a reason
    exemptions.approve_exempt(member_id, starts_on, scope, now)               scope of "members.approve"
    exemptions.decline_exempt(member_id, starts_on, scope, now)               the same
    orgs.create_org(draft: OrgDraft, scope, now) -> int                       the unit's id
    orgs.rename_org(code, name, scope, now)

An exemption is recorded by one person and approved by another. `approval` is
`staff.scope_if_held("members.approve")`: within it, setting what somebody else has set approves it.
"""
