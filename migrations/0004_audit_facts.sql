ALTER TABLE `audit` ADD `definition_digest` text;--> statement-breakpoint
ALTER TABLE `audit` ADD `facts` text;