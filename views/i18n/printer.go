// Package i18n holds every word that the portal and the register's pages say, in English and Welsh, and
// prints dates, times and plurals in either. A translator works in en.json and cy.json alone.
package i18n
