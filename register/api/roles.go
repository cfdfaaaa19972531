package api

import "central.consent/dar/registerclient"

// Who may call an operation. routes.go says which operation they may call.
var (
	public    = []registerclient.Role{"public"}
	dataUser  = []registerclient.Role{registerclient.RoleDataUser}
	askers    = []registerclient.Role{registerclient.RoleDataUser, registerclient.RolePortal}
	portal    = []registerclient.Role{registerclient.RolePortal}
	dcc       = []registerclient.Role{registerclient.RoleDCC}
	admin     = []registerclient.Role{registerclient.RoleAdmin}
	directory = []registerclient.Role{
		registerclient.RoleDataProvider, registerclient.RoleDataUser, registerclient.RoleAdmin,
	}
	everyRole = []registerclient.Role{
		registerclient.RoleDataUser, registerclient.RoleDataProvider, registerclient.RoleDCC,
		registerclient.RoleAdmin, registerclient.RolePortal,
	}
)
