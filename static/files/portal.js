"use strict";
// What the pages do beyond HTML. Every page works without this file. It runs before htmx.
(() => {
	// htmx turns the text that it fetches into elements. Our own parts of pages never bring anything that runs.
	window.trustedTypes?.createPolicy("default", {
		createHTML: (html) => /<(script|iframe|object|embed|base|link|meta)\b/i.test(html) ? null : html,
	});

	const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
	const secondsUntil = (deadline) => Math.max(0, Math.ceil((deadline - Date.now()) / 1000));

	document.getElementById("error-summary")?.focus();

	for (const element of document.querySelectorAll("[data-script]")) element.hidden = false;

	for (const button of document.querySelectorAll("[data-print]")) {
		button.hidden = false;
		button.addEventListener("click", () => print());
	}

	for (const element of document.querySelectorAll("[data-seconds]")) {
		const deadline = Date.now() + element.dataset.seconds * 1000;
		const show = () => { element.textContent = clock(secondsUntil(deadline)); };
		show();
		setInterval(show, 1000);
	}

	// Whoever signs out in one window has signed out in all: the others leave the screen.
	const visit = document.getElementById("visit");
	if (window.BroadcastChannel) {
		// By the address of the signed-out page, for operators may share a host.
		const windows = new BroadcastChannel("visit " + (visit?.dataset.after ?? location.pathname));
		if (document.querySelector("[data-visit-over]")) windows.postMessage("over");
		if (visit) windows.onmessage = () => location.replace(visit.dataset.after);
	}

	// A letter is not sent anew at once: until then the button waits.
	for (const hint of document.querySelectorAll("[data-until-ready]")) {
		const button = hint.closest("form").querySelector("button");
		button.disabled = true;
		setTimeout(() => { button.disabled = false; hint.hidden = true; }, hint.dataset.untilReady * 1000);
	}

	// Polling stops after a time. A window that was asleep until then asks once more.
	const polling = document.querySelector("[data-polling]");
	const pollingEnd = polling && Date.now() + polling.dataset.polling * 1000;
	let stopped = false;
	document.addEventListener("htmx:beforeRequest", (event) => {
		if (event.detail.elt.id !== "waiting" || Date.now() < pollingEnd) return;
		if (stopped) event.preventDefault();
		stopped = true;
		for (const part of document.querySelectorAll("[data-while-polling]")) part.hidden = true;
		for (const part of document.querySelectorAll("[data-after-polling]")) part.hidden = false;
	});

	// While the customer has not confirmed, polling answers the page that is already there. To swap it in would
	// lose the reader's place every few seconds, so only a change of state is let through.
	document.addEventListener("htmx:beforeSwap", ({ detail }) => {
		if (detail.target.id !== "waiting" || !detail.shouldSwap) return;
		const fresh = new DOMParser().parseFromString(detail.serverResponse, "text/html");
		const now = fresh.getElementById("waiting")?.dataset;
		if (now?.state !== detail.target.dataset.state) return;
		detail.shouldSwap = false;
		// Another window has asked anew: the code on this page is good for nothing.
		if (now.proof !== detail.target.dataset.proof) return location.reload();
		const left = document.getElementById("waiting-left");
		const text = fresh.getElementById("waiting-left")?.textContent;
		if (left && text && left.textContent !== text) left.textContent = text;
	});

	document.addEventListener("htmx:afterSwap", () => {
		const heading = document.querySelector("#waiting h1");
		if (!heading) return;
		document.title = document.title.replace(/^.*?(?= – )/, heading.textContent);
		document.getElementById("waiting-live").textContent = heading.textContent;
		heading.focus();
	});

	// The session ends without use, and after a time in any case. Two minutes before either, a dialog asks. When
	// time is up the list leaves the screen; the server, not this clock, says whether the session is over.
	const dialog = document.getElementById("idle");
	if (!dialog) return;
	const warning = 120 * 1000;
	const end = dialog.dataset.sessionSeconds > 0 ? Date.now() + dialog.dataset.sessionSeconds * 1000 : Infinity;
	const idle = () => Date.now() + dialog.dataset.idleSeconds * 1000;
	let idleEnd = idle();
	let lastWordHeard = false;
	const leave = () => location.replace(dialog.dataset.after);

	const check = () => {
		const deadline = Math.min(idleEnd, end);
		const left = deadline - Date.now();
		if (left < -2000) return leave();
		if (left > warning) return;
		const last = end <= idleEnd;
		dialog.querySelector("[data-idle-clock]").textContent = clock(secondsUntil(deadline));
		if (dialog.open || last && lastWordHeard) return;
		for (const part of dialog.querySelectorAll("[data-when]")) part.hidden = (part.dataset.when === "last") !== last;
		dialog.showModal();
	};
	setInterval(check, 1000);
	document.addEventListener("visibilitychange", check);
	addEventListener("pageshow", (event) => {
		// A page that the browser had put by may be of a visit that is over: only the server knows.
		if (event.persisted) return location.reload();
		check();
	});

	const keepAlive = dialog.querySelector("[hx-post]");
	dialog.addEventListener("htmx:afterRequest", ({ detail }) => {
		if (!detail.successful) return leave();
		idleEnd = idle();
		dialog.close();
	});
	dialog.addEventListener("cancel", (event) => {
		if (keepAlive.hidden) return;
		event.preventDefault();
		keepAlive.requestSubmit();
	});
	dialog.addEventListener("close", () => { lastWordHeard = end <= idleEnd; });
})();
