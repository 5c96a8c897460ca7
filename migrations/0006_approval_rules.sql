-- What a request is bound to never changes. Whoever means to change it has to drop these triggers first.
CREATE TRIGGER `approval_requests_bound` BEFORE UPDATE OF `id`, `digest`, `iss`, `sub`, `email`, `client_id`, `upstream`, `tool`, `definition_digest`, `arguments_digest`, `flow`, `flow_snapshot`, `created_at`, `pending_until` ON `approval_requests`
WHEN NEW.`id` IS NOT OLD.`id` OR NEW.`digest` IS NOT OLD.`digest` OR NEW.`iss` IS NOT OLD.`iss` OR NEW.`sub` IS NOT OLD.`sub`
	OR NEW.`email` IS NOT OLD.`email` OR NEW.`client_id` IS NOT OLD.`client_id` OR NEW.`upstream` IS NOT OLD.`upstream`
	OR NEW.`tool` IS NOT OLD.`tool` OR NEW.`definition_digest` IS NOT OLD.`definition_digest`
	OR NEW.`arguments_digest` IS NOT OLD.`arguments_digest` OR NEW.`flow` IS NOT OLD.`flow`
	OR NEW.`flow_snapshot` IS NOT OLD.`flow_snapshot` OR NEW.`created_at` IS NOT OLD.`created_at`
	OR NEW.`pending_until` IS NOT OLD.`pending_until`
BEGIN
	SELECT RAISE(ABORT, 'what an approval request is bound to never changes');
END;
--> statement-breakpoint
-- States follow the machine, one step at a time; a request that has ended stays ended.
CREATE TRIGGER `approval_requests_state_steps` BEFORE UPDATE ON `approval_requests`
WHEN NEW.`state` IS NOT OLD.`state` AND NEW.`state` NOT IN (
	SELECT `value` FROM json_each(CASE OLD.`state`
		WHEN 'pending' THEN '["approved","rejected","expired","cancelled","invalidated"]'
		WHEN 'approved' THEN '["executing","expired","cancelled","invalidated"]'
		WHEN 'executing' THEN '["succeeded","failed","indeterminate","approved"]'
		WHEN 'indeterminate' THEN '["succeeded","failed"]'
		ELSE '[]' END)
)
BEGIN
	SELECT RAISE(ABORT, 'an approval request cannot come to this state from where it is');
END;
--> statement-breakpoint
-- A new state is a new version, and versions only grow.
CREATE TRIGGER `approval_requests_version` BEFORE UPDATE ON `approval_requests`
WHEN NEW.`version` IS NOT OLD.`version` + (NEW.`version` IS NOT OLD.`version`)
	OR (NEW.`state` IS NOT OLD.`state` AND NEW.`version` IS OLD.`version`)
BEGIN
	SELECT RAISE(ABORT, 'a new state of an approval request is its next version');
END;
--> statement-breakpoint
CREATE TRIGGER `approval_requests_no_delete` BEFORE DELETE ON `approval_requests`
BEGIN
	SELECT RAISE(ABORT, 'approval requests are never deleted');
END;
--> statement-breakpoint
-- Also against INSERT OR REPLACE, which deletes without a word to the trigger above where recursive triggers are off.
CREATE TRIGGER `approval_requests_only_new` BEFORE INSERT ON `approval_requests`
WHEN NEW.`state` IS NOT 'pending' OR NEW.`version` IS NOT 1
	OR EXISTS (SELECT 1 FROM `approval_requests` WHERE `id` = NEW.`id`)
	OR EXISTS (SELECT 1 FROM `approval_requests` WHERE `digest` = NEW.`digest` AND `state` IN ('pending', 'approved', 'executing', 'indeterminate'))
BEGIN
	SELECT RAISE(ABORT, 'an approval request begins as pending, and as the only open one of its digest');
END;
--> statement-breakpoint
CREATE TRIGGER `approval_decisions_no_update` BEFORE UPDATE ON `approval_decisions`
BEGIN
	SELECT RAISE(ABORT, 'decisions are never changed');
END;
--> statement-breakpoint
CREATE TRIGGER `approval_decisions_no_delete` BEFORE DELETE ON `approval_decisions`
BEGIN
	SELECT RAISE(ABORT, 'decisions are never deleted');
END;
--> statement-breakpoint
CREATE TRIGGER `approval_decisions_one_voice` BEFORE INSERT ON `approval_decisions`
WHEN EXISTS (
	SELECT 1 FROM `approval_decisions` WHERE `request_id` = NEW.`request_id`
		AND `approver_iss` = NEW.`approver_iss` AND `approver_sub` = NEW.`approver_sub`
)
BEGIN
	SELECT RAISE(ABORT, 'one person has one voice');
END;
--> statement-breakpoint
CREATE TRIGGER `approval_events_no_update` BEFORE UPDATE ON `approval_events`
BEGIN
	SELECT RAISE(ABORT, 'the history of approval requests is never changed');
END;
--> statement-breakpoint
CREATE TRIGGER `approval_events_no_delete` BEFORE DELETE ON `approval_events`
BEGIN
	SELECT RAISE(ABORT, 'the history of approval requests is never deleted');
END;
--> statement-breakpoint
CREATE TRIGGER `approval_events_only_next` BEFORE INSERT ON `approval_events`
WHEN NEW.`seq` IS NOT (SELECT coalesce(max(`seq`), 0) + 1 FROM `approval_events` WHERE `request_id` = NEW.`request_id`)
BEGIN
	SELECT RAISE(ABORT, 'an event of an approval request must have the next number');
END;
--> statement-breakpoint
-- Who may approve which stage is fixed with the request, too.
CREATE TRIGGER `approval_approvers_no_update` BEFORE UPDATE ON `approval_approvers`
BEGIN
	SELECT RAISE(ABORT, 'approvers of a request are never changed');
END;
