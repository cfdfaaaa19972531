package main

import (
	"testing"

	"central.consent/dar/registerclient"
)

func TestDemonstrationDataIsWrittenOnceAndSurvivesARestart(t *testing.T) {
	t.Parallel()
	o := options{dataDir: t.TempDir(), reidentification: "stub"}
	base, stop := demo(t, o)
	list, err := loadOperators()
	if err != nil {
		t.Fatal(err)
	}
	if err = seed(t.Context(), base, list); err != nil {
		t.Fatalf("a second time: %v", err)
	}

	stop()
	base, _ = demo(t, o)
	identities := 0
	records := 0
	for _, c := range customers {
		client, err := clientOf(base+"/v1", c.account)
		if err != nil {
			t.Fatal(err)
		}

		query := registerclient.LookupIdentityRecordsQuery{MPxN: meterPoint}
		found, err := client.LookupIdentityRecords(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}

		list, err := client.ListAccessRecords(t.Context(), meterPoint, registerclient.ListAccessRecordsQuery{})
		if err != nil {
			t.Fatal(err)
		}

		identities += len(found.IdentityRecords)
		records += len(list.AccessRecords)
	}

	if identities != 4 || records != 4 {
		t.Errorf("%d identity records and %d access records, want 4 and 4", identities, records)
	}
}
