package api_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

// BenchmarkReading measures a portal's reading of a meter point with five records among 2,000 others, over
// HTTP with everything that it takes (the check of the answer against the document included), and tells it as a multiple of its floor: the bare query for the same rows.
func BenchmarkReading(b *testing.B) {
	for _, d := range []registertest.Database{registertest.SQLite, registertest.Postgres} {
		b.Run(d.String(), func(b *testing.B) {
			r := registertest.New(b, registertest.On(d))
			owner, portal, ir := household(b, r)
			for range 5 {
				create(b, owner, ir, registerclient.BasisConsent)
			}

			for i := range 400 {
				other := must(
					owner.CreateIdentityRecord(b.Context(), registertest.IdentityRecord(fmt.Sprintf("99%011d", i), "")),
				)(
					b,
				).IR
				for range 5 {
					create(b, owner, other, registerclient.BasisContract)
				}
			}

			var floor float64
			b.Run("floor", func(b *testing.B) {
				query := r.DB.Read.Rebind(`SELECT record FROM access_records WHERE mpxn = ?`)
				for b.Loop() {
					var documents []string
					if err := r.DB.Read.Select(
						&documents,
						query,
						registertest.MeterPoint,
					); err != nil ||
						len(documents) != 5 {
						b.Fatal(len(documents), err)
					}
				}

				floor = float64(b.Elapsed().Nanoseconds()) / float64(b.N)
			})
			b.Run("reading", func(b *testing.B) {
				tokens := make([]string, 0, b.N)
				for range b.N {
					tokens = append(tokens, start(b, portal, registerclient.MethodMagicLink).TokenRef())
				}

				b.ResetTimer()
				for _, token := range tokens {
					if got := list(b, portal, token); len(got) != 5 {
						b.Fatal(len(got))
					}
				}

				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/floor, "times-the-floor")
			})
		})
	}
}

// BenchmarkToken tells what proving a secret costs beside a call that needs none: the price of argon2id.
func BenchmarkToken(b *testing.B) {
	r := registertest.New(b)
	bearer(b, r, "portal_ops", registerclient.RolePortal)
	var floor float64
	b.Run("floor", func(b *testing.B) {
		for b.Loop() {
			get(b, r.URL+"/nowhere", "")
		}
		floor = float64(b.Elapsed().Nanoseconds()) / float64(b.N)
	})
	b.Run("token", func(b *testing.B) {
		for b.Loop() {
			if a := get(b, r.URL+"/auth/token", basic("portal_ops", secretKey)); a.status != http.StatusOK {
				b.Fatal(a.status)
			}
		}

		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/floor, "times-the-floor")
	})
}

// BenchmarkDeadLink tells whether the time of the answer tells what a dead link was. The kinds take turns, and each
// median is a multiple of the unknown link's in the same run: what is left of 1 is noise.
func BenchmarkDeadLink(b *testing.B) {
	for _, d := range []registertest.Database{registertest.SQLite, registertest.Postgres} {
		b.Run(d.String(), func(b *testing.B) {
			on := registertest.On(d)
			inbox, sender := registertest.NewInbox(b)
			r := registertest.New(b, on, registertest.HoldConfirmations(), registertest.WithMail(sender))
			_, portal, _ := household(b, r)
			link := func(answer string) string {
				start(b, portal, registerclient.MethodMagicLink)
				r.WorkOff(b)
				mailed := inbox.Link(b)
				person := r.Browser(b)
				if page := person.Open(mailed); answer != "" {
					person.Submit(page, answer)
				}

				return mailed
			}
			kinds := []string{"unknown", "used", "declined", "expired"}
			links := map[string]string{
				"unknown":  registertest.PublicURL + "/id/link?token=nobody-ever-mailed-this-one",
				"used":     link("/id/link"),
				"declined": link("/id/link/decline"),
				"expired":  link(""),
			}
			r.Clock.Add(15 * time.Minute)
			took := map[string][]time.Duration{}
			browsers := map[string]*registertest.Browser{}
			for kind, link := range links {
				browsers[kind] = r.Browser(b)
				browsers[kind].Open(link) // from here on it holds the secret
			}

			for b.Loop() {
				for _, kind := range kinds {
					r.Clock.Add(time.Minute) // or the address would have failed too often
					began := time.Now()
					if page := browsers[kind].Open("/id/link"); page.Status != http.StatusGone {
						b.Fatal(kind, page.Status)
					}

					took[kind] = append(took[kind], time.Since(began))
				}
			}

			median := func(kind string) float64 {
				slices.Sort(took[kind])
				return float64(took[kind][len(took[kind])/2])
			}
			for _, kind := range kinds[1:] {
				b.ReportMetric(median(kind)/median("unknown"), kind+"/unknown")
			}
		})
	}
}

// BenchmarkFirstAttempt tells how soon after a withdrawal at one process the worker of another begins its delivery: the
// longest of all, as a part of the second that is promised.
func BenchmarkFirstAttempt(b *testing.B) {
	withdraw, arrived := firstAttempts(b)
	longest := time.Duration(0)
	for b.Loop() {
		began := time.Now()
		withdraw()
		longest = max(longest, (<-arrived).Sub(began))
	}

	b.ReportMetric(longest.Seconds(), "longest-s")
}
