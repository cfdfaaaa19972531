"use strict";
// The scripts of the pages. Every page works without this file. It runs before htmx.
(() => {
	// htmx turns fetched text into elements. Our own parts of pages never contain anything that runs.
	window.trustedTypes?.createPolicy("default", {
		createHTML: (html) => /<(script|iframe|object|embed|base|link|meta)\b/i.test(html) ? null : html,
	});

	const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
	const secondsUntil = (deadline) => Math.max(0, Math.ceil((deadline - Date.now()) / 1000));

	document.querySelector("[data-focus]")?.focus();

	const uncover = () => { for (const element of document.querySelectorAll("[data-script]")) element.hidden = false; };
	uncover();
	document.addEventListener("click", ({ target }) => {
		const button = target.closest("[data-print], [data-copy]");
		if (!button) return;
		if ("print" in button.dataset) return print();
		const done = document.getElementById("copied");
		navigator.clipboard?.writeText(document.getElementById(button.dataset.copy).innerText).then(() => { done.textContent = done.dataset.words; });
	});

	for (const element of document.querySelectorAll("[data-seconds]")) {
		const deadline = Date.now() + element.dataset.seconds * 1000;
		const show = () => { element.textContent = clock(secondsUntil(deadline)); };
		show();
		setInterval(show, 1000);
	}

	// After a quick exit, a late response must neither navigate nor set the cookie of another visit.
	let leaving = false, onTheWay;
	const goTo = (address) => { if (!leaving) location.replace(address); };

	// A customer who signs out in one window signs out in all: the other windows clear their screens. A quick exit does
	// the same.
	const visit = document.getElementById("visit");
	const exit = document.getElementById("leave");
	const base = visit?.dataset.base ?? exit?.dataset.base ?? "";
	const signedOut = base + "/signed-out";
	// The channel has the address of the signed-out page in its name, because operators may share a host.
	const windows = window.BroadcastChannel && new BroadcastChannel("visit " + (visit || exit ? signedOut : location.pathname));
	if (document.querySelector("[data-visit-over]")) windows?.postMessage("over");
	if (visit && windows) windows.onmessage = ({ data }) => data === "left" ? hide() : goTo(signedOut);

	// The quick exit: first the page leaves the screen, then the history of this window. The request to the server does
	// not delay either.
	const hide = () => {
		leaving = true;
		onTheWay?.abort();
		document.title = "…";
		document.body.hidden = true;
		// In a frame the surrounding page has to go. Browsers allow that only after the customer has pressed something
		// in the frame. A frame that another window told to leave shows a page without the list instead.
		try {
			window.top.location.replace(exit.dataset.to);
		} catch {
			location.replace(signedOut);
		}
	};
	const leaveFast = () => {
		fetch(exit.action, { method: "POST", body: new URLSearchParams(new FormData(exit)), keepalive: true, redirect: "manual" }).catch(() => {});
		windows?.postMessage("left");
		hide();
	};
	exit?.addEventListener("submit", (event) => {
		event.preventDefault();
		leaveFast();
	});

	// Pressing Shift three times does the same, as on GOV.UK. Shift with another key or the mouse does not count, so
	// that neither capitals nor Shift and Tab lead away. Escape does not count: it closes dialogs and stops loading.
	let presses = 0, alone = false, forget;
	const count = (n) => {
		presses = n;
		clearTimeout(forget);
		if (n > 0) forget = setTimeout(count, 5000, 0);
		const status = exit.querySelector("[role=status]");
		status.textContent = [ "", status.dataset.two, status.dataset.one ][n];
	};
	const interrupt = () => {
		alone = false;
		if (presses > 0) count(0);
	};
	if (exit) {
		document.addEventListener("keydown", (event) => {
			if (event.key !== "Shift") interrupt();
			else if (!event.repeat) alone = true;
		});
		document.addEventListener("pointerdown", interrupt);
		document.addEventListener("keyup", (event) => {
			if (event.key !== "Shift" || !alone) return;
			alone = false;
			if (presses === 2) leaveFast();
			else count(presses + 1);
		});
	}

	// The steps of a visit replace each other in the history of this window, so that Back leads from the list to the
	// start. So do the places within one page. From any other page, such as the review of a withdrawal, Back leads to
	// this one.
	const steps = ["", "/prove", "/waiting", "/waiting/check", "/records"].map((step) => base + step);
	if (visit) document.addEventListener("click", (event) => {
		const link = event.target.closest(".skip, main a[href], .language a");
		if (!link || event.defaultPrevented || event.button !== 0 || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
		if (link.target || link.origin !== location.origin || link.pathname !== location.pathname && !steps.includes(link.pathname)) return;
		event.preventDefault();
		location.replace(link.href);
	});
	// The page says that a form did not arrive, and the customer can send it again.
	const unsent = () => {
		const notice = document.getElementById("unsent");
		// Screen readers and the focus do not reach what is behind an open dialog.
		(document.querySelector("dialog[open]") ?? document.getElementById("main")).prepend(notice);
		notice.hidden = false;
		notice.focus();
	};
	// Enter at a radio button or a tick box would send the form. Only its button may do what cannot be undone.
	document.addEventListener("keydown", (event) => {
		if (event.key === "Enter" && event.target.matches("[type=radio], [type=checkbox]")) event.preventDefault();
	});
	const slow = document.getElementById("slow");
	// The pages that forms lead to replace this one too: the script sends a form of a visit and follows the address
	// that it gets. If it gets none, because something is wrong, the browser sends the form itself and shows the
	// response.
	let sentByBrowser;
	if (visit) document.addEventListener("submit", async (event) => {
		const form = event.target;
		// Match the attributes, because a field called method hides the property.
		if (event.defaultPrevented || form === sentByBrowser || !form.matches("[method=post]:not([target], [hx-post])")) return;
		event.preventDefault();
		if (form.dataset.sent) return; // pressed twice
		form.dataset.sent = "yes";
		document.getElementById("unsent").hidden = true;
		const patience = setTimeout(() => { slow.textContent = slow.dataset.words; }, 3000);
		onTheWay = new AbortController();
		const end = setTimeout((sending) => sending.abort(), 60000, onTheWay);
		const answer = await fetch(form.getAttribute("action"), {
			method: "POST", body: new URLSearchParams(new FormData(form, event.submitter)), headers: { "HX-Request": "true" }, signal: onTheWay.signal,
		}).catch(() => null);
		clearTimeout(patience);
		clearTimeout(end);
		slow.textContent = "";
		// The customer can press again if the form was not sent, or if they stop the next page from loading.
		setTimeout(() => { delete form.dataset.sent; }, answer ? 5000 : 0);
		const next = answer?.headers.get("HX-Redirect");
		if (leaving) return;
		if (!answer) return unsent();
		if (next) return goTo(next);
		sentByBrowser = form;
		if (form.requestSubmit) form.requestSubmit(event.submitter);
		else form.submit();
	});
	document.addEventListener("unsent", unsent);
	document.addEventListener("htmx:beforeRequest", ({ detail }) => { if (detail.elt.matches("form")) document.getElementById("unsent").hidden = true; });
	// Only forms say that they failed. Polling tries again by itself.
	const failed = ({ detail }) => { if (detail.elt.matches("form")) unsent(); };
	document.addEventListener("htmx:sendError", failed);
	document.addEventListener("htmx:responseError", failed);
	// A page that answered a form takes an address that a GET can fetch. Otherwise Back would ask whether to send the
	// form, with the number in it, once more.
	const remember = document.querySelector("[data-remember]")?.dataset.remember;
	if (remember) history.replaceState(null, "", remember);
	document.addEventListener("htmx:beforeOnLoad", (event) => {
		const next = event.detail.xhr.getResponseHeader("HX-Redirect");
		if (!next) return;
		event.preventDefault();
		goTo(next);
	});
	// A page from the back/forward cache may be of a visit that is over. Only the server knows.
	if (visit) addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

	// A letter can be sent again only after some seconds. Until then the button is disabled.
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
		if (event.detail.elt.dataset.over) event.preventDefault();
		if (event.detail.elt.id !== "waiting" || Date.now() < pollingEnd) return;
		if (stopped) event.preventDefault();
		stopped = true;
		for (const part of document.querySelectorAll("[data-while-polling]")) part.hidden = true;
		for (const part of document.querySelectorAll("[data-after-polling]")) part.hidden = false;
	});

	// A part that polls mostly gets what is already there. Swapping that in would lose the reader's place, and a screen
	// reader would announce it again. So only a change of state is swapped in.
	document.addEventListener("htmx:beforeSwap", ({ detail }) => {
		const part = detail.target;
		if (!part.dataset.state || !detail.shouldSwap) return;
		const fresh = new DOMParser().parseFromString(detail.serverResponse, "text/html");
		if (fresh.getElementById(part.id)?.dataset.state !== part.dataset.state) {
			held = part.contains(document.activeElement);
			// The part will have the focus and be read out. The live region must not announce it a second time.
			if (held) part.closest("[role=status]")?.setAttribute("aria-live", "off");
			return;
		}
		detail.shouldSwap = false;
		if (!fresh.getElementById(part.id).hasAttribute("hx-get")) part.dataset.over = "yes";
		// Another window has started a new proof: the code on this page is no longer valid.
		if (!leaving && fresh.getElementById(part.id).dataset.proof !== part.dataset.proof) return location.reload();
		const left = document.getElementById("waiting-left");
		const text = fresh.getElementById("waiting-left")?.textContent;
		if (left && text && left.textContent !== text) left.textContent = text;
	});

	// If the focus was in the part that was swapped out, the new part gets it. A reader elsewhere stays there, and the
	// live region announces the change. After a filter the focus is on the count of the list.
	let held = false;
	document.addEventListener("htmx:afterSwap", ({ detail }) => {
		uncover();
		if (detail.target.id === "list") return document.getElementById("found")?.focus();
		const part = document.getElementById(detail.target.id);
		const heading = document.querySelector("#waiting h1");
		if (heading) document.title = document.title.replace(/^.*?(?= – )/, heading.textContent);
		if (held) (heading ?? part)?.focus();
		else if (heading) document.getElementById("waiting-live").textContent = heading.textContent;
		held = false;
	});

	// The session ends if it is not used, and after a fixed time. A dialog warns two minutes before either. At the end
	// the list leaves the screen. The server, not this clock, decides whether the session is over.
	const dialog = document.getElementById("idle");
	if (!dialog) return;
	const warning = 120 * 1000;
	const end = dialog.dataset.sessionSeconds > 0 ? Date.now() + dialog.dataset.sessionSeconds * 1000 : Infinity;
	const idle = () => Date.now() + dialog.dataset.idleSeconds * 1000;
	let idleEnd = idle();
	let lastWordHeard = false;
	const leave = () => goTo(dialog.dataset.after);

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

	const keepAlive = dialog.querySelector("[hx-post]");
	dialog.addEventListener("htmx:afterRequest", ({ detail }) => {
		if (!detail.successful) return detail.xhr.status ? leave() : undefined; // no response does not mean that the session is over
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
