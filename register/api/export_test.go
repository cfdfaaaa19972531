package api

// Operations lists the route table, each row as "POST /access-records" with its parameters as the router has them.
func Operations() []string {
	var operations []string
	for _, route := range (&API{}).allRoutes() {
		operations = append(operations, route.method+" "+route.path)
	}

	return operations
}
