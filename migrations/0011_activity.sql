CREATE TABLE `activity_counts` (
	`step` integer NOT NULL,
	`what` text NOT NULL,
	`at` integer NOT NULL,
	`name` text NOT NULL,
	`bucket` integer NOT NULL,
	`n` integer NOT NULL,
	PRIMARY KEY(`step`, `what`, `at`, `name`, `bucket`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `activity_hours` (
	`at` integer PRIMARY KEY NOT NULL,
	`first_seq` integer NOT NULL,
	`last_seq` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `activity_state` (
	`id` integer PRIMARY KEY NOT NULL,
	`counted` integer NOT NULL,
	`owner` text NOT NULL,
	`owned_until` integer NOT NULL
);
--> statement-breakpoint
DROP INDEX `audit_closed_call_id`;--> statement-breakpoint
ALTER TABLE `audit` ADD `challenge` text;--> statement-breakpoint
CREATE INDEX `audit_call_id` ON `audit` (`call_id`);--> statement-breakpoint
CREATE INDEX `audit_approval` ON `audit` (`approval`) WHERE "audit"."approval" IS NOT NULL;--> statement-breakpoint
CREATE INDEX `audit_challenge` ON `audit` (`challenge`) WHERE "audit"."challenge" IS NOT NULL;--> statement-breakpoint
INSERT INTO `activity_state` VALUES (1, 0, '', 0);
