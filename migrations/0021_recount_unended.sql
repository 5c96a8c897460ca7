DELETE FROM `activity_counts`;--> statement-breakpoint
UPDATE `activity_state` SET `counted` = 0, `owner` = '', `owned_until` = 0;
