"use strict";
// The script of a page in a frame of another site's page. It tells that page its height and the end of the visit, and
// nothing else. It tells only a page of a listed origin, and only if that page asks.
(() => {
	const origins = document.documentElement.dataset.framedBy.split(" ");
	let origin;
	const tell = (message) => { if (origin) parent.postMessage(message, origin); };
	const tellHeight = () => tell({ height: Math.ceil(document.body.getBoundingClientRect().height) });

	addEventListener("message", (event) => {
		if (event.source !== parent || event.data !== "height" || !origins.includes(event.origin)) return;
		origin = event.origin;
		document.documentElement.classList.add("grown");
		tellHeight();
		if (document.querySelector("[data-visit-over]")) tell({ done: true });
	});
	new ResizeObserver(tellHeight).observe(document.body);

	// A link within the page scrolls the surrounding page, because the frame itself does not scroll.
	addEventListener("hashchange", () => document.getElementById(location.hash.slice(1))?.scrollIntoView());

	// The press itself opens the new tab. Browsers refuse to open one later, after the response.
	for (const form of document.querySelectorAll("form[data-new-tab]")) {
		let sending = false;
		form.addEventListener("submit", async (event) => {
			if (sending) return event.preventDefault(); // pressed twice
			const tab = open("about:blank", "_blank");
			if (!tab) return;
			event.preventDefault();
			sending = true;
			tab.opener = null;
			document.getElementById("unsent").hidden = true;
			const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) }).catch(() => null);
			sending = false;
			const address = answer?.status === 201 && answer.headers.get("Location");
			if (!address) {
				tab.close();
				return answer ? form.submit() : document.dispatchEvent(new Event("unsent"));
			}
			tab.location.replace(new URL(address, location.href));
			const opened = document.querySelector("[data-opened]");
			opened.hidden = false;
			opened.focus();
		});
	}

	// When the customer comes back from the other tab, the list shows what they stopped there.
	const list = document.querySelector("[data-seen-again]")?.dataset.seenAgain;
	let left = false;
	document.addEventListener("visibilitychange", () => {
		if (document.hidden) left = true;
		else if (left && list) location.replace(list);
	});
})();
