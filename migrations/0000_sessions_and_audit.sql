CREATE TABLE `audit` (
	`seq` integer PRIMARY KEY NOT NULL,
	`at` integer NOT NULL,
	`call_id` text NOT NULL,
	`kind` text NOT NULL,
	`actor` text,
	`actor_issuer` text,
	`actor_email` text,
	`client` text,
	`client_id` text,
	`client_ip` text,
	`endpoint` text,
	`session` text,
	`upstream` text,
	`tool` text,
	`decision` text,
	`policies` text,
	`policy_set` text,
	`arguments_digest` text,
	`arguments_redacted` text,
	`arguments_sealed` text,
	`arguments_full` text,
	`outcome` text,
	`duration_ms` real,
	`trace_id` text,
	`prev_hash` text NOT NULL,
	`hash` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `audit_closed_call_id` ON `audit` (`call_id`) WHERE "audit"."kind" = 'closed';--> statement-breakpoint
CREATE TABLE `sessions` (
	`id_hash` text PRIMARY KEY NOT NULL,
	`iss` text NOT NULL,
	`sub` text NOT NULL,
	`endpoint` text NOT NULL,
	`protocol_version` text NOT NULL,
	`client_info` text NOT NULL,
	`capabilities` text NOT NULL,
	`log_level` text,
	`subscriptions` text NOT NULL,
	`created_at` integer NOT NULL,
	`last_seen_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `sessions_last_seen_at` ON `sessions` (`last_seen_at`);