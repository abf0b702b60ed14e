"""What keeps the services apart, the rules pure and the tests honest, checked on the code itself."""
