ALTER TABLE `approval_decisions` ADD `approver_traces` text;--> statement-breakpoint
ALTER TABLE `approval_requests` ADD `traces` text;--> statement-breakpoint
ALTER TABLE `approval_requests` ADD `person_hash` text;--> statement-breakpoint
CREATE INDEX `approval_requests_person` ON `approval_requests` (`person_hash`,`created_at`) WHERE "approval_requests"."person_hash" IS NOT NULL;--> statement-breakpoint
-- What tells people apart is part of what a request is bound to: it is written once, and never changed.
CREATE TRIGGER `approval_requests_traces` BEFORE UPDATE OF `traces`, `person_hash` ON `approval_requests`
WHEN OLD.`traces` IS NOT NULL AND (NEW.`traces` IS NOT OLD.`traces` OR NEW.`person_hash` IS NOT OLD.`person_hash`)
BEGIN
	SELECT RAISE(ABORT, 'what an approval request is bound to never changes');
END;
