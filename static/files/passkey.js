"use strict";
// The script of a passkey page: it fetches a challenge from the register, gives it to the browser and returns the
// response. All words that it shows come with the page or from the register.
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

	// Bytes are sent as base64url. Browsers that decode it themselves are too new to rely on.
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

	// Problem is an error with a message for the customer.
	class Problem extends Error {}

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
			throw new Problem(form.dataset.failed);
		}
		if (reply.error) throw new Problem(reply.error);
		return reply;
	};

	const show = (words) => {
		problem.hidden = false;
		problem.textContent = words;
		problem.scrollIntoView({ block: "nearest" });
	};

	const list = document.getElementById("passkey-autofill");

	// Only one request at a time waits for the customer: the button cancels that of the list.
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
			if (mine !== running || !asked) return; // the customer has not used the list yet
			show(error instanceof Problem ? error.message : error.name === "InvalidStateError" ? form.dataset.exists : form.dataset.cancelled);
			// After the register has refused, the list is not offered again.
			if (mediation && error instanceof Problem) list.hidden = true;
			else if (mediation) run(mediation);
		}
	};

	form.addEventListener("submit", async (event) => {
		event.preventDefault();
		problem.hidden = true;
		button.disabled = true;
		await run();
		button.disabled = false;
		// The button had the focus until it was disabled. The problem is announced when it appears.
		button.focus({ preventScroll: true });
	});

	// The list of passkeys at a field. Nearly every browser has it, so it is shown from the start and the layout does
	// not move.
	if (list) Promise.resolve(PublicKeyCredential.isConditionalMediationAvailable?.()).then((available) => {
		list.hidden = !available;
		if (available) run("conditional");
	});

	// After Back the browser may show this page as it was.
	addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
})();
