ALTER TABLE `approval_requests` ADD `history` text;--> statement-breakpoint
ALTER TABLE `approval_requests` ADD `mac` text;