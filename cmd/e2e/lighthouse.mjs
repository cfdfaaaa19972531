// Audits pages with Lighthouse, as a phone. Standard input is a JSON list of pages, {name, url, cookie, hidden}, and the categories; to
// standard output goes, for each, the scores and the audits that failed.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { text } from "node:stream/consumers";

const require = createRequire(process.env.NODE_MODULES + "/");
const load = (name) => import(pathToFileURL(require.resolve(name)));
const { default: lighthouse } = await load("lighthouse");
const { launch } = await load("chrome-launcher");

const { pages, categories } = JSON.parse(await text(process.stdin));
const chrome = await launch({
	chromePath: process.env.CHROME_PATH,
	chromeFlags: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
try {
	const results = [];
	for (const { name, url, cookie, hidden } of pages) {
		// All but the start ask search engines to leave them out, which is the one thing that this audit finds fault with.
		const skipAudits = hidden ? ["is-crawlable"] : [];
		let lhr;
		// Now and then Chromium loses the trace of a load. Then there is no measurement, and another is made.
		for (let tries = 0; tries < 3 && (!lhr || lhr.runtimeError); tries++) {
			({ lhr } = await lighthouse(url, {
				port: chrome.port, output: "json", logLevel: "silent", onlyCategories: categories, skipAudits,
				extraHeaders: cookie ? { Cookie: cookie } : undefined,
			}));
		}
		const scores = Object.fromEntries(Object.values(lhr.categories).map((c) => [c.id, Math.round(c.score * 100)]));
		const counted = new Set(Object.values(lhr.categories).flatMap((c) => c.auditRefs.filter((r) => r.weight > 0).map((r) => r.id)));
		const failed = Object.values(lhr.audits).filter((a) => counted.has(a.id) && a.score !== null && a.score < 0.9)
			.map((a) => `${a.id}: ${a.title} ${a.displayValue ?? ""} ${JSON.stringify(a.details?.items ?? []).slice(0, 500)}`);
		results.push({ name, at: lhr.finalDisplayedUrl, problem: lhr.runtimeError?.message ?? "", scores, failed });
	}
	console.log(JSON.stringify(results));
} finally {
	chrome.kill();
}
