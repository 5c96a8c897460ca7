ALTER TABLE `outbox` ADD `mac` text;--> statement-breakpoint
ALTER TABLE `elevations` ADD `mac` text;--> statement-breakpoint
ALTER TABLE `step_up_challenges` ADD `mac` text;--> statement-breakpoint
-- What has no seal could have been written by anybody: people sign in again, and messages that wait are not sent.
DELETE FROM `elevations`;--> statement-breakpoint
DELETE FROM `step_up_challenges`;--> statement-breakpoint
DELETE FROM `outbox` WHERE `done_at` IS NULL;
