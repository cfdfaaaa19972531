"use strict";
// What a passkey page does: it asks the register for a question, puts it to the browser and brings the answer back.
// Every word that it shows comes with the page or from the register.
(() => {
	const form = document.getElementById("passkey");
	if (!form) return;
	const { function: name, path, form: token } = form.dataset;
	const problem = document.getElementById("passkey-problem");
	const button = form.querySelector("button");
	if (!window.PublicKeyCredential || !navigator.credentials) {
		document.getElementById("passkey-unsupported").hidden = false;
		return;
	}
	form.hidden = false;

	// Bytes travel as base64url. Browsers that can translate it themselves are too new to count on.
	const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
	const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

	const question = (publicKey) => {
		publicKey.challenge = bytes(publicKey.challenge);
		if (publicKey.user) publicKey.user.id = bytes(publicKey.user.id);
		for (const known of publicKey.excludeCredentials ?? []) known.id = bytes(known.id);
		return publicKey;
	};

	const answer = ({ id, rawId, type, authenticatorAttachment, response }) => {
		const parts = {};
		for (const part of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
			if (response[part]) parts[part] = text(response[part]);
		}
		if (response.getTransports) parts.transports = response.getTransports();
		return { id, rawId: text(rawId), type, authenticatorAttachment: authenticatorAttachment ?? undefined, response: parts };
	};

	// told is a problem that the customer can read.
	class Told extends Error {}

	const step = async (end, credential) => {
		const fields = Object.fromEntries(["code", "name"].map((field) => [field, form.elements.namedItem(field)?.value]));
		let reply;
		try {
			const response = await fetch(path + end, {
				method: "POST", credentials: "same-origin", headers: { "Content-Type": "application/json" },
				body: JSON.stringify({ form: token, ...fields, credential }),
			});
			reply = await response.json();
		} catch {
			throw new Told(form.dataset.failed);
		}
		if (reply.error) throw new Told(reply.error);
		return reply;
	};

	const show = (words) => {
		problem.hidden = false;
		problem.textContent = words;
		problem.scrollIntoView({ block: "nearest" });
	};

	const list = document.getElementById("passkey-autofill");

	// There is one request at a time that waits for the customer: the button takes over from the list.
	let running;
	const run = async (mediation) => {
		running?.abort();
		const mine = running = new AbortController();
		let asked = !mediation;
		try {
			const begun = await step("/options");
			if (begun.location) return location.replace(begun.location);
			const credential = await navigator.credentials[name]({ publicKey: question(begun.publicKey), mediation, signal: mine.signal });
			if (mine !== running) return;
			asked = true;
			location.replace((await step("/finish", answer(credential))).location);
		} catch (error) {
			if (mine !== running || !asked) return; // the list is an offer: nobody asked for it yet
			show(error instanceof Told ? error.message : error.name === "InvalidStateError" ? form.dataset.exists : form.dataset.cancelled);
			// What the register refused is not offered again by itself.
			if (mediation && error instanceof Told) list.hidden = true;
			else if (mediation) run(mediation);
		}
	};

	form.addEventListener("submit", async (event) => {
		event.preventDefault();
		problem.hidden = true;
		button.disabled = true;
		await run();
		button.disabled = false;
		// It had the focus until it was disabled. What went wrong is heard as it appears.
		button.focus({ preventScroll: true });
	});

	// The list of passkeys at a field. Nearly every browser has such a thing: it is there from the start, so that nothing moves.
	if (list) Promise.resolve(PublicKeyCredential.isConditionalMediationAvailable?.()).then((available) => {
		list.hidden = !available;
		if (available) run("conditional");
	});

	// Back from the next page, the browser may show this one as it was left.
	addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
})();
