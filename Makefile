# `make` alone lists what there is.
.DEFAULT_GOAL := help
.PHONY: help demo demo-live dev check test e2e bench lighthouse inspect generate screenshots outdated

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## the whole product with the demonstration data, on http://localhost:5001/portal
	go run ./cmd/demo

demo-live: ## the same with real challenges: mail to its own inbox at /demo/inbox, passkeys on localhost
	go run ./cmd/demo --reidentification live

dev: ## the demo, rebuilt and restarted when a file changes; its data stays in .cache/dev
	go tool templ generate -watch -watch-pattern '.+\.(go|templ|css|js|json|sql|yaml)$$' \
		-cmd 'go run ./cmd/demo --data-dir .cache/dev'

check: ## stale generated files, linters, module files
	.ci/check

test: ## every test, on both databases and in a browser; installs what is missing (Debian)
	.ci/test

e2e: ## only the browser tests
	.ci/tools
	CI=true go test -timeout 20m ./cmd/e2e

bench: ## the micro-benchmarks, on both databases
	.ci/tools
	.ci/postgres go test -run '^$$' -bench . -benchmem ./...

lighthouse: ## every page on a slow phone: 100 in every category of Lighthouse
	.ci/tools
	go test ./cmd/e2e -count=1 -timeout 60m -run TestLighthouseEveryPage -lighthouse

outdated: ## modules, linter and npm packages that have a newer release
	.ci/outdated

generate: ## Go code from the templates
	go tool templ generate

inspect: ## every page in every language and brand, in three widths, by axe-core: a quarter of an hour
	.ci/tools
	# One Chromium does not last for all pages.
	for width in 360 768 1280; do \
		go test ./cmd/e2e -count=1 -timeout 30m -run "TestEverywhere/.*_$${width}_px" -everywhere || exit 1; \
	done

screenshots: ## docs/portal.png for the README, and docs/screenshots: each page, both languages, all brands
	.ci/tools
	go test ./cmd/e2e -count=1 -run TestPictures -update
