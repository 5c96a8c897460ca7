ALTER TABLE `approval_approvers` ADD `created_at` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `approval_approvers` ADD `open` integer DEFAULT true NOT NULL;--> statement-breakpoint
CREATE INDEX `approval_approvers_open` ON `approval_approvers` (`kind`,`value`,`request_id`) WHERE "approval_approvers"."open" = 1;--> statement-breakpoint
CREATE INDEX `approval_approvers_newest` ON `approval_approvers` (`kind`,`value`,`created_at`,`request_id`);--> statement-breakpoint
DROP TRIGGER `approval_approvers_no_update`;--> statement-breakpoint
UPDATE `approval_approvers` SET
	`created_at` = (SELECT `created_at` FROM `approval_requests` WHERE `id` = `request_id`),
	`open` = (SELECT `state` IN ('pending', 'approved', 'executing', 'indeterminate') FROM `approval_requests` WHERE `id` = `request_id`);
--> statement-breakpoint
-- Who may approve which stage is fixed with the request; only that it has ended is noted.
CREATE TRIGGER `approval_approvers_fixed` BEFORE UPDATE OF `request_id`, `kind`, `value`, `stage`, `after_ms`, `created_at` ON `approval_approvers`
BEGIN
	SELECT RAISE(ABORT, 'approvers of a request are never changed');
END;
