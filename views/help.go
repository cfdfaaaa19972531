package views

// HelpPage is for whoever shares a home or a device, or has just moved.
type HelpPage struct{ Page }
