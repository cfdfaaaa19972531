// Puts the service into the page that loads this script, as a frame that grows with its content. If the browser is too
// old for that, or the service does not let this page frame it, there is a plain link instead. The script needs nothing
// from the page and reads nothing of it. It is written for old browsers, so that they show the link.
(function () {
	"use strict";
	var settings = SETTINGS;
	var script = document.currentScript || document.querySelector('script[src*="/embed.js"]');
	if (!script) return;
	var address = script.src.replace(/\.js([?#].*)?$/, "");
	var service = address.replace(/\/embed$/, "");
	var lang = (script.getAttribute("data-lang") || document.documentElement.lang || "").slice(0, 2).toLowerCase();
	if (!Object.prototype.hasOwnProperty.call(settings.words, lang)) lang = settings.first;
	var words = settings.words[lang];

	function link() {
		var a = document.createElement("a");
		a.href = service + "?lang=" + lang;
		a.lang = lang;
		a.appendChild(document.createTextNode(words.link));
		return a;
	}
	if (!window.postMessage || !window.URL || !window.ResizeObserver || !window.fetch) {
		script.parentNode.insertBefore(link(), script);
		return;
	}

	var origin = new URL(address).origin;
	var frame = document.createElement("iframe");
	var wait, heard = false, pages = 0;
	frame.title = words.title;
	frame.lang = lang;
	frame.src = address + "?lang=" + lang;
	frame.style.cssText = "display:block;width:100%;height:40rem;border:0";

	// No message means that the browser refused the frame, or that it did not load.
	function giveUp() {
		if (!heard && frame.parentNode) frame.parentNode.replaceChild(link(), frame);
	}
	window.addEventListener("message", function (event) {
		if (event.source !== frame.contentWindow || event.origin !== origin || !event.data) return;
		if (typeof event.data.height === "number" && event.data.height > 0) {
			heard = true;
			clearTimeout(wait);
			frame.style.height = Math.min(event.data.height, 100000) + "px";
		}
		if (event.data.done === true) frame.dispatchEvent(new CustomEvent("dar-done", { bubbles: true }));
	});
	frame.addEventListener("load", function () {
		// Only a page of the service gets the message, and with it this page's origin.
		frame.contentWindow.postMessage("height", origin);
		clearTimeout(wait);
		if (!heard) wait = setTimeout(giveUp, 4000);
		// The next page begins at its top, even after a long page.
		if (pages++ > 0 && frame.getBoundingClientRect().top < 0) frame.scrollIntoView();
	});
	wait = setTimeout(giveUp, 20000);
	script.parentNode.insertBefore(frame, script);
})();
