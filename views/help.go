package views

// HelpPage is for customers who share a home or a device, have lost a mailbox, or have just moved.
type HelpPage struct{ Page }
