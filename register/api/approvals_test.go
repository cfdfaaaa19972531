package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// administrators is a register with two administrators, by the Authorization headers of their bearer tokens.
type administrators struct {
	*registertest.Register
	first, second string
}

func newAdministrators(t testing.TB, d registertest.Database) *administrators {
	t.Helper()
	r := registertest.New(t, registertest.On(d))

	return &administrators{
		Register: r,
		first:    bearer(t, r, "admin_one", registerclient.RoleAdmin),
		second:   bearer(t, r, "admin_two", registerclient.RoleAdmin),
	}
}

// send makes a request of an administrator that carries an approval, unless that is empty.
func (r *administrators) send(t testing.TB, who, method, path, approval, body string) reply {
	t.Helper()
	header := http.Header{"Authorization": {who}, "X-Dar-Reason": {registertest.Reason}}
	if approval != "" {
		header.Set("X-DAR-Approval", approval)
	}
	if body != "" {
		header.Set("Content-Type", "application/json")
	}

	return sendWith(t, method, r.URL+path, header, []byte(body))
}

const thirdAdministrator = `{"account-id":"admin_three","role":"admin","display-name":"Third"}`

// open opens the account of a body, as the first administrator.
func (r *administrators) open(t testing.TB, approval, body string) reply {
	t.Helper()

	return r.send(t, r.first, http.MethodPost, "/admin/accounts", approval, body)
}

// waits checks that a request waits for a second administrator, and returns the approval that it waits for.
func waits(t testing.TB, a reply) string {
	t.Helper()
	expect(t, a, http.StatusForbidden, "AUTH006")
	approval := a.header.Get("X-DAR-Approval")
	if approval == "" || !strings.Contains(a.message(), approval) {
		t.Fatalf("the refusal names the approval %q: %q", approval, a.message())
	}

	return approval
}

// decide makes a verdict, "approve" or "refuse".
func (r *administrators) decide(t testing.TB, who, approval, verdict string) reply {
	t.Helper()

	return r.send(t, who, http.MethodPost, "/admin/approvals/"+approval+"/"+verdict, "", "")
}

// exists reports whether an account exists.
func (r *administrators) exists(t testing.TB, id string) bool {
	t.Helper()
	_, err := r.Store.FindAccount(t.Context(), id)

	return err == nil
}

// An administrator's account is opened by two: one asks, another approves, and the first repeats the request. The
// approval is used up by that. No secret is stored with the request.
func TestSecondAdministratorOpensAnAccount(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := newAdministrators(t, d)
		body := strings.Replace(thirdAdministrator, "{", `{"secret-key":"`+secretKey+`",`, 1)
		approval := waits(t, r.open(t, "", body))
		if again := waits(t, r.open(t, "", body)); again != approval {
			t.Errorf("asked again as %s, want %s", again, approval)
		}

		listed := r.send(t, r.second, http.MethodGet, "/admin/approvals", "", "")
		if listed.body["total"] != 1.0 || strings.Contains(listed.text, secretKey) ||
			!strings.Contains(listed.text, `"account-id":"admin_three"`) ||
			!strings.Contains(listed.text, `"waiting"`) {
			t.Errorf("listed %s", listed.text)
		}
		expect(t, r.open(t, approval, body), http.StatusForbidden, "AUTH006")
		expect(t, r.decide(t, r.second, approval, "approve"), http.StatusOK, "")
		if r.exists(t, "admin_three") {
			t.Error("the account is open before the request was repeated")
		}

		expect(t, r.open(t, approval, body), http.StatusCreated, "")
		replayed := strings.Replace(body, "admin_three", "admin_four", 1)
		for _, repeated := range []string{body, replayed} {
			if a := r.open(t, approval, repeated); a.status < 400 || a.fields() != "X-DAR-Approval" {
				t.Errorf("used again: %d %q", a.status, a.fields())
			}
		}

		for event, want := range map[string]int{
			"approval.requested": 1, "approval.approved": 1, "approval.used": 1, "account.created": 3,
		} {
			if got := audited(t, r.Register, event, ""); got != want {
				t.Errorf("%s was audited %d times, want %d", event, got, want)
			}
		}
	})
}

// What does not open an administrator's account.
func TestUnapprovedAccounts(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		for name, attack := range map[string]func(t *testing.T, r *administrators, approval string) reply{
			"not decided": func(t *testing.T, r *administrators, approval string) reply {
				return r.open(t, approval, thirdAdministrator)
			},
			"its own approval": func(t *testing.T, r *administrators, approval string) reply {
				expect(t, r.decide(t, r.first, approval, "approve"), http.StatusForbidden, "AUTH006")

				return r.open(t, approval, thirdAdministrator)
			},
			"refused": func(t *testing.T, r *administrators, approval string) reply {
				expect(t, r.decide(t, r.second, approval, "refuse"), http.StatusOK, "")
				expect(t, r.decide(t, r.second, approval, "approve"), http.StatusConflict, "CON001")

				return r.open(t, approval, thirdAdministrator)
			},
			"approved by a suspended administrator": func(t *testing.T, r *administrators, approval string) reply {
				r.Suspend(t, "admin_two")
				expect(t, r.decide(t, r.second, approval, "approve"), http.StatusUnauthorized, "AUTH002")

				return r.open(t, approval, thirdAdministrator)
			},
			"approved by one who is suspended since": func(t *testing.T, r *administrators, approval string) reply {
				expect(t, r.decide(t, r.second, approval, "approve"), http.StatusOK, "")
				r.Suspend(t, "admin_two")

				return r.open(t, approval, thirdAdministrator)
			},
			"approved by another role": func(t *testing.T, r *administrators, approval string) reply {
				portal := bearer(t, r.Register, "portal_ops", registerclient.RolePortal)
				expect(t, r.decide(t, portal, approval, "approve"), http.StatusForbidden, "AUTH003")

				return r.open(t, approval, thirdAdministrator)
			},
			"for another account": func(t *testing.T, r *administrators, approval string) reply {
				expect(t, r.decide(t, r.second, approval, "approve"), http.StatusOK, "")

				return r.open(t, approval, strings.Replace(thirdAdministrator, "admin_three", "admin_four", 1))
			},
			"with one more member": func(t *testing.T, r *administrators, approval string) reply {
				expect(t, r.decide(t, r.second, approval, "approve"), http.StatusOK, "")
				more := strings.Replace(thirdAdministrator, "{", `{"contact-url":"https://thief.example",`, 1)

				return r.open(t, approval, more)
			},
			"by another administrator": func(t *testing.T, r *administrators, approval string) reply {
				expect(t, r.decide(t, r.second, approval, "approve"), http.StatusOK, "")

				return r.send(t, r.second, http.MethodPost, "/admin/accounts", approval, thirdAdministrator)
			},
			"unknown": func(t *testing.T, r *administrators, _ string) reply {
				return r.open(t, rules.NewID("apr"), thirdAdministrator)
			},
			"for another operation": func(t *testing.T, r *administrators, approval string) reply {
				expect(t, r.decide(t, r.second, approval, "approve"), http.StatusOK, "")
				r.Suspend(t, "admin_two")

				return r.send(t, r.first, http.MethodPost, "/admin/accounts/admin_two/reactivate", approval, "")
			},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				r := newAdministrators(t, d)
				approval := waits(t, r.open(t, "", thirdAdministrator))
				if a := attack(t, r, approval); a.status != http.StatusForbidden || a.code() != "AUTH006" ||
					a.fields() != "X-DAR-Approval" {
					t.Errorf("%d %q %q", a.status, a.code(), a.message())
				}
				if r.exists(t, "admin_three") || r.exists(t, "admin_four") {
					t.Error("the account is open")
				}
			})
		}
	})
}

// A request and its approval end a day after the request, however late the approval came.
func TestApprovalExpires(t *testing.T) {
	t.Parallel()
	r := newAdministrators(t, registertest.SQLite)
	renewed := func() {
		r.first = renew(t, r.Register, "admin_one")
		r.second = renew(t, r.Register, "admin_two")
	}
	approval := waits(t, r.open(t, "", thirdAdministrator))
	r.Clock.Add(24*time.Hour - time.Second)
	renewed()
	expect(t, r.decide(t, r.second, approval, "approve"), http.StatusOK, "")
	r.Clock.Add(time.Second)
	expect(t, r.open(t, approval, thirdAdministrator), http.StatusForbidden, "AUTH006")

	second := waits(t, r.open(t, "", thirdAdministrator))
	if second == approval {
		t.Fatal("an approval that has expired is asked for again")
	}
	r.Clock.Add(24 * time.Hour)
	renewed()
	expect(t, r.decide(t, r.second, second, "approve"), http.StatusConflict, "CON001")
}

// Of verdicts and of uses that race, one counts.
func TestRacingVerdictsAndUses(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := newAdministrators(t, d)
		third := bearer(t, r.Register, "admin_five", registerclient.RoleAdmin)
		approval := waits(t, r.open(t, "", thirdAdministrator))
		atOnce := func(requests ...func() reply) map[int]int {
			statuses := map[int]int{}
			var mu sync.Mutex
			var group sync.WaitGroup
			for _, request := range requests {
				group.Go(func() {
					a := request()
					mu.Lock()
					defer mu.Unlock()
					statuses[a.status]++
				})
			}
			group.Wait()

			return statuses
		}
		verdict := func(who string) func() reply {
			return func() reply { return r.decide(t, who, approval, "approve") }
		}
		got := atOnce(verdict(r.second), verdict(third), verdict(r.second), verdict(third))
		if got[http.StatusOK] != 1 || got[http.StatusConflict] != 3 {
			t.Errorf("verdicts: %v", got)
		}

		use := func() reply { return r.open(t, approval, thirdAdministrator) }
		got = atOnce(use, use, use, use)
		if got[http.StatusCreated] != 1 || got[http.StatusForbidden] != 3 {
			t.Errorf("uses: %v", got)
		}
		if n := audited(t, r.Register, "approval.used", ""); n != 1 {
			t.Errorf("%d uses were audited", n)
		}
	})
}

// A use that fails leaves the approval as it was.
func TestFailedUseKeepsTheApproval(t *testing.T) {
	t.Parallel()
	r := newAdministrators(t, registertest.SQLite)
	approval := waits(t, r.open(t, "", thirdAdministrator))
	expect(t, r.decide(t, r.second, approval, "approve"), http.StatusOK, "")
	bearer(t, r.Register, "admin_three", registerclient.RolePortal)
	expect(t, r.open(t, approval, thirdAdministrator), http.StatusConflict, "CON001")
	listed := r.send(t, r.second, http.MethodGet, "/admin/approvals", "", "")
	if !strings.Contains(listed.text, `"state":"approved"`) {
		t.Errorf("listed %s", listed.text)
	}
}

// A suspended administrator is let in again by two. Every other account is by one, and an active one stays so.
func TestReactivatingAnAdministrator(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := newAdministrators(t, d)
		bearer(t, r.Register, "admin_three", registerclient.RoleAdmin)
		bearer(t, r.Register, "portal_ops", registerclient.RolePortal)
		reactivate := func(id, approval string) reply {
			return r.send(t, r.first, http.MethodPost, "/admin/accounts/"+id+"/reactivate", approval, "")
		}
		expect(t, reactivate("admin_three", ""), http.StatusOK, "")
		r.Suspend(t, "admin_three")
		r.Suspend(t, "portal_ops")
		expect(t, reactivate("portal_ops", ""), http.StatusOK, "")
		approval := waits(t, reactivate("admin_three", ""))
		expect(t, get(t, r.URL+"/auth/token", basic("admin_three", secretKey)), http.StatusUnauthorized, "AUTH005")
		expect(t, r.decide(t, r.second, approval, "approve"), http.StatusOK, "")
		expect(t, reactivate("admin_three", approval), http.StatusOK, "")
		renew(t, r.Register, "admin_three")
		r.Suspend(t, "admin_three")
		expect(t, reactivate("admin_three", approval), http.StatusForbidden, "AUTH006")
		expect(t, reactivate("nobody", ""), http.StatusNotFound, "NOT001")
	})
}

// A key that no approval can have is refused by name.
func TestMalformedApproval(t *testing.T) {
	t.Parallel()
	r := newAdministrators(t, registertest.SQLite)
	for _, key := range []string{"x", "apr_", "ak_0123456789abcdef01234567", "apr_0123456789ABCDEF01234567"} {
		a := r.open(t, key, thirdAdministrator)
		if a.status != http.StatusBadRequest || a.fields() != "X-DAR-Approval" {
			t.Errorf("%s: %d %q", key, a.status, a.fields())
		}
	}
}

// One administrator cannot fill the list of those who approve.
func TestOpenApprovalsAreBounded(t *testing.T) {
	t.Parallel()
	r := newAdministrators(t, registertest.SQLite)
	body := func(i int) string {
		return strings.Replace(thirdAdministrator, "admin_three", fmt.Sprintf("admin_%d", i+10), 1)
	}
	for i := range 20 {
		waits(t, r.open(t, "", body(i)))
	}
	expect(t, r.open(t, "", body(20)), http.StatusConflict, "CON001")
	waits(t, r.open(t, "", body(3)))
}

// manyRecords gives the register access records of one Data User, as many as an import of many lines.
func manyRecords(t testing.TB, r *administrators, n int) {
	t.Helper()
	owner := r.Client(t, registerclient.RoleDataUser)
	ir := identity(t, owner, "customer@example.com")
	first := create(t, owner, ir, registerclient.BasisConsent)
	err := r.Store.Transact(t.Context(), func(tx *store.Tx) error {
		listed, err := tx.FindAccessRecord(t.Context(), first)
		row := listed.AccessRecord
		for range n - 1 {
			if err != nil {
				return err
			}
			row.AK = rules.NewID("ak")
			err = tx.InsertAccessRecord(t.Context(), row)
		}

		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// An administrator is shown 500 different access records a day. For more a second one approves the list, which is then
// read once, page by page.
func TestManyRecordsNeedASecondAdministrator(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := newAdministrators(t, d)
		manyRecords(t, r, 1100)
		page := func(approval, query string) reply {
			return r.send(t, r.first, http.MethodGet, "/admin/records?limit=500"+query, approval, "")
		}
		next := func(a reply) string { return "&cursor=" + a.body["next-cursor"].(string) }
		first := page("", "")
		expect(t, first, http.StatusOK, "")
		expect(t, page("", ""), http.StatusOK, "") // the same records again

		before := audited(t, r.Register, "", "")
		approval := waits(t, page("", next(first)))
		if rows := audited(t, r.Register, "", "") - before; rows != 1 {
			t.Errorf("%d rows in the audit log for a page that was not shown, want one for the request", rows)
		}
		expect(t, page(approval, next(first)), http.StatusForbidden, "AUTH006")
		expect(t, r.decide(t, r.first, approval, "approve"), http.StatusForbidden, "AUTH006")
		expect(t, r.decide(t, r.second, approval, "approve"), http.StatusOK, "")

		expect(t, page(approval, "&state=ACTIVE"), http.StatusForbidden, "AUTH006")
		expect(t, page(approval, "&q=2312345678901"), http.StatusForbidden, "AUTH006")
		byAudit := r.send(t, r.first, http.MethodGet, "/admin/audit", approval, "")
		expect(t, byAudit, http.StatusForbidden, "AUTH006")

		second := page(approval, next(first))
		expect(t, second, http.StatusOK, "")
		expect(t, page(approval, next(first)), http.StatusForbidden, "AUTH006")
		expect(t, page(approval, ""), http.StatusForbidden, "AUTH006")
		third := page(approval, next(second))
		expect(t, third, http.StatusOK, "")
		if _, more := third.body["next-cursor"]; more {
			t.Error("there is a fourth page")
		}
		expect(t, page(approval, next(second)), http.StatusForbidden, "AUTH006")
		waits(t, page("", next(second)))

		r.Clock.Add(24*time.Hour + time.Second)
		r.first = renew(t, r.Register, "admin_one")
		expect(t, page("", next(first)), http.StatusOK, "")
	})
}

// The limit of records cannot be passed by other searches, by another page length or by the audit log, and is each
// administrator's own.
func TestRecordsAreCountedHoweverTheyAreRead(t *testing.T) {
	t.Parallel()
	r := newAdministrators(t, registertest.SQLite)
	manyRecords(t, r, 600)
	ask := func(who, path string) reply { return r.send(t, who, http.MethodGet, path, "", "") }
	cursor := ""
	for range 5 {
		a := ask(r.first, "/admin/records?limit=100&q=2312345678901"+cursor)
		expect(t, a, http.StatusOK, "")
		cursor = "&cursor=" + a.body["next-cursor"].(string)
	}

	waits(t, ask(r.first, "/admin/records?limit=100&q=2312345678901"+cursor))
	for _, path := range []string{"/admin/records?limit=100", "/admin/records?limit=1&state=ACTIVE"} {
		expect(t, ask(r.first, path+cursor), http.StatusForbidden, "AUTH006")
	}

	// The second administrator sees nearly all of them in the log, and then no page of others.
	expect(t, ask(r.second, "/admin/audit?limit=500&account_id=admin_one"), http.StatusOK, "")
	expect(t, ask(r.second, "/admin/records?limit=500"), http.StatusOK, "")
	waits(t, ask(r.second, "/admin/records?limit=100"+cursor))
	listed := r.send(t, r.second, http.MethodGet, "/admin/approvals", "", "")
	if !strings.Contains(listed.text, `"mpxn":"...901"`) || strings.Contains(listed.text, registertest.MeterPoint) {
		t.Errorf("listed %s", listed.text)
	}
}
