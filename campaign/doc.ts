/** Writes docs/campaign.md. Run: node dist/campaign/doc.js */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { campaignPage, recordedCampaigns } from "./page.ts";
import { projectFolder } from "./place.ts";

const root = projectFolder();
writeFileSync(join(root, "docs", "campaign.md"), campaignPage(recordedCampaigns(join(root, "campaign", "results"))));
