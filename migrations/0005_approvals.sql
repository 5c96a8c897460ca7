CREATE TABLE `approval_approvers` (
	`request_id` text NOT NULL,
	`kind` text NOT NULL,
	`value` text NOT NULL,
	`stage` integer NOT NULL,
	`after_ms` integer NOT NULL,
	PRIMARY KEY(`request_id`, `kind`, `value`, `stage`, `after_ms`)
);
--> statement-breakpoint
CREATE TABLE `approval_decisions` (
	`request_id` text NOT NULL,
	`stage` integer NOT NULL,
	`approver_iss` text NOT NULL,
	`approver_sub` text NOT NULL,
	`approver_name` text,
	`approver_email` text,
	`decision` text NOT NULL,
	`reason` text,
	`arguments_digest` text NOT NULL,
	`acr` text,
	`channel` text NOT NULL,
	`ip` text,
	`at` integer NOT NULL,
	PRIMARY KEY(`request_id`, `approver_iss`, `approver_sub`)
);
--> statement-breakpoint
CREATE TABLE `approval_events` (
	`request_id` text NOT NULL,
	`seq` integer NOT NULL,
	`act` text NOT NULL,
	`from_state` text,
	`to_state` text NOT NULL,
	`actor_iss` text,
	`actor_sub` text,
	`actor_name` text,
	`actor_email` text,
	`reason` text,
	`at` integer NOT NULL,
	PRIMARY KEY(`request_id`, `seq`)
);
--> statement-breakpoint
CREATE TABLE `approval_requests` (
	`id` text PRIMARY KEY NOT NULL,
	`digest` text NOT NULL,
	`state` text NOT NULL,
	`version` integer NOT NULL,
	`iss` text NOT NULL,
	`sub` text NOT NULL,
	`user_name` text,
	`email` text,
	`client_id` text,
	`client_name` text NOT NULL,
	`era` text NOT NULL,
	`upstream` text NOT NULL,
	`tool` text NOT NULL,
	`definition_digest` text NOT NULL,
	`arguments_digest` text NOT NULL,
	`arguments_redacted` text NOT NULL,
	`policies` text NOT NULL,
	`policy_set` text NOT NULL,
	`flow` text NOT NULL,
	`flow_snapshot` text NOT NULL,
	`message_sealed` text,
	`run` text NOT NULL,
	`idempotent` integer NOT NULL,
	`stage` integer NOT NULL,
	`stage_since` integer NOT NULL,
	`escalated` integer NOT NULL,
	`reminded` integer NOT NULL,
	`created_at` integer NOT NULL,
	`pending_until` integer NOT NULL,
	`decided_at` integer,
	`execute_until` integer,
	`execution_id` text,
	`execution_owner` text,
	`lease_until` integer,
	`execution_started_at` integer,
	`execution_ended_at` integer,
	`runs` integer NOT NULL,
	`ended_at` integer,
	`has_result` integer NOT NULL,
	`result_is_error` integer,
	`delivered_at` integer,
	`purged_at` integer,
	`due_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `approval_requests_open` ON `approval_requests` (`digest`) WHERE "approval_requests"."state" IN ('pending', 'approved', 'executing', 'indeterminate');--> statement-breakpoint
CREATE INDEX `approval_requests_digest` ON `approval_requests` (`digest`,`created_at`);--> statement-breakpoint
CREATE INDEX `approval_requests_user` ON `approval_requests` (`iss`,`sub`,`created_at`);--> statement-breakpoint
CREATE INDEX `approval_requests_waiting` ON `approval_requests` (`iss`,`sub`) WHERE "approval_requests"."state" IN ('pending', 'approved');--> statement-breakpoint
CREATE INDEX `approval_requests_state` ON `approval_requests` (`state`,`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `approval_requests_created` ON `approval_requests` (`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `approval_requests_due` ON `approval_requests` (`due_at`) WHERE "approval_requests"."due_at" IS NOT NULL;--> statement-breakpoint
CREATE INDEX `approval_requests_runnable` ON `approval_requests` (`created_at`) WHERE "approval_requests"."state" = 'approved' AND "approval_requests"."run" = 'gateway';--> statement-breakpoint
CREATE INDEX `approval_requests_owner` ON `approval_requests` (`execution_owner`) WHERE "approval_requests"."state" = 'executing';--> statement-breakpoint
CREATE TABLE `approval_sealed` (
	`request_id` text PRIMARY KEY NOT NULL,
	`arguments_sealed` text NOT NULL,
	`requester_sealed` text NOT NULL,
	`result_sealed` text
);
--> statement-breakpoint
CREATE TABLE `outbox` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`kind` text NOT NULL,
	`dedupe_key` text NOT NULL,
	`request_id` text NOT NULL,
	`notifier` text NOT NULL,
	`payload` text NOT NULL,
	`attempts` integer NOT NULL,
	`next_at` integer NOT NULL,
	`done_at` integer,
	`dead_at` integer,
	`last_error` text,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `outbox_dedupe_key_unique` ON `outbox` (`dedupe_key`);--> statement-breakpoint
CREATE INDEX `outbox_due` ON `outbox` (`next_at`) WHERE "outbox"."done_at" IS NULL AND "outbox"."dead_at" IS NULL;--> statement-breakpoint
CREATE INDEX `outbox_order` ON `outbox` (`request_id`,`notifier`,`id`) WHERE "outbox"."done_at" IS NULL AND "outbox"."dead_at" IS NULL;