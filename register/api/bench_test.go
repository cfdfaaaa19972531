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

// BenchmarkReading measures how a portal reads a meter point with five records among 2,000 others, over HTTP and with
// the check of the response against the document. It reports the time as a multiple of the floor: the bare query for
// the rows.
func BenchmarkReading(b *testing.B) {
	for _, d := range []registertest.Database{registertest.SQLite, registertest.Postgres} {
		b.Run(d.String(), func(b *testing.B) {
			r := registertest.New(b, registertest.On(d))
			owner, portal, ir := household(b, r)
			for range 5 {
				create(b, owner, ir, registerclient.BasisConsent)
			}

			for i := range 400 {
				in := registertest.IdentityRecord(fmt.Sprintf("99%011d", i), "")
				other := must(owner.CreateIdentityRecord(b.Context(), in))(b).IR
				for range 5 {
					create(b, owner, other, registerclient.BasisContract)
				}
			}

			var floor float64
			b.Run("floor", func(b *testing.B) {
				query := r.DB.Read.Rebind(`SELECT record FROM access_records WHERE mpxn = ?`)
				for b.Loop() {
					var documents []string
					err := r.DB.Read.Select(&documents, query, registertest.MeterPoint)
					if err != nil || len(documents) != 5 {
						b.Fatal(len(documents), err)
					}
				}

				floor = float64(b.Elapsed().Nanoseconds()) / float64(b.N)
			})
			b.Run("reading", func(b *testing.B) {
				tokens := make([]string, 0, b.N)
				for range b.N {
					tokens = append(tokens, magicLink(b, portal))
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

// BenchmarkToken reports the cost of proving a secret, which is that of argon2id, as a multiple of a call without one.
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

// BenchmarkEndedLink reports whether the response time of an ended link shows why it ended. The kinds alternate, and
// each median is a multiple of the unknown link's in the same run: any difference from 1 is noise.
func BenchmarkEndedLink(b *testing.B) {
	for _, d := range []registertest.Database{registertest.SQLite, registertest.Postgres} {
		b.Run(d.String(), func(b *testing.B) {
			on := registertest.On(d)
			inbox, sender := registertest.NewInbox(b)
			r := registertest.New(b, on, registertest.HoldConfirmations(), registertest.WithMail(sender))
			_, portal, _ := household(b, r)
			link := func(action string) string {
				start(b, portal, registerclient.MethodMagicLink)
				r.WorkOff(b)
				mailed := inbox.Link(b)
				person := r.Browser(b)
				if page := person.Open(mailed); action != "" {
					person.Submit(page, action)
				}

				return mailed
			}
			kinds := []string{"unknown", "used", "declined", "expired"}
			links := map[string]string{
				"unknown":  registertest.PublicURL + "/id/link?token=this-link-was-never-mailed-at-all",
				"used":     link("/id/link"),
				"declined": link("/id/link/decline"),
				"expired":  link(""),
			}
			r.Clock.Add(15 * time.Minute)
			durations := map[string][]time.Duration{}
			browsers := map[string]*registertest.Browser{}
			for kind, link := range links {
				browsers[kind] = r.Browser(b)
				browsers[kind].Open(link) // so that it holds the secret
			}

			for b.Loop() {
				for _, kind := range kinds {
					r.Clock.Add(time.Minute) // the failures of an address are limited
					began := time.Now()
					if page := browsers[kind].Open("/id/link"); page.Status != http.StatusGone {
						b.Fatal(kind, page.Status)
					}

					durations[kind] = append(durations[kind], time.Since(began))
				}
			}

			median := func(kind string) float64 {
				slices.Sort(durations[kind])

				return float64(durations[kind][len(durations[kind])/2])
			}
			for _, kind := range kinds[1:] {
				b.ReportMetric(median(kind)/median("unknown"), kind+"/unknown")
			}
		})
	}
}
