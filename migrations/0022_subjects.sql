ALTER TABLE `approval_requests` ADD `method` text;--> statement-breakpoint
ALTER TABLE `audit` ADD `method` text;--> statement-breakpoint
ALTER TABLE `audit` ADD `subject_kind` text;--> statement-breakpoint
ALTER TABLE `audit` ADD `subject` text;--> statement-breakpoint
-- What a request is bound to never changes.
CREATE TRIGGER `approval_requests_bound_method` BEFORE UPDATE OF `method` ON `approval_requests`
WHEN NEW.`method` IS NOT OLD.`method`
BEGIN
	SELECT RAISE(ABORT, 'what an approval request is bound to never changes');
END;
