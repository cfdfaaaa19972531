package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"

	"central.consent/dar/register/rules"
)

const keysExample = `REGISTER_KEYS=2026b:...,2026a:... register keys rotate

Make the new key with register key, put it before the old one in REGISTER_KEYS, and keep it. Start every replica anew with
both, so that each can open what is sealed with either; then run this, and take the old key out.`

func runKey(_ context.Context, set *flag.FlagSet, args []string, out, _ io.Writer) error {
	if err := parse(set, args, 1); err != nil {
		return err
	}
	if set.NArg() == 0 {
		return errors.New("register key needs an id, as 2026a")
	}

	key := rules.GenerateKey(set.Arg(0))
	if _, err := rules.NewKeyring(key); err != nil {
		return err
	}

	fmt.Fprintln(out, key)
	return nil
}

func runKeysRotate(ctx context.Context, set *flag.FlagSet, args []string, out, log io.Writer) (err error) {
	const every = 10_000
	if err := parse(set, args, 0); err != nil {
		return err
	}

	_, service, db, err := open(ctx, io.Discard, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	told := 0
	done, err := service.Rules.RotateKeys(ctx, func(done int) {
		if done-told >= every {
			told = done
			fmt.Fprintf(log, "%d rows so far\n", done)
		}
	})
	fmt.Fprintf(out, "%d rows were sealed anew with the first key.\n", done)
	if err != nil {
		return fmt.Errorf("keys rotate: %w", err)
	}

	fmt.Fprintln(
		out,
		"Nothing is sealed with another key any more: the others can leave REGISTER_KEYS, unless a backup needs them.",
	)
	return nil
}
