"""What HuleEdu is deployed with, and the tools that look it over."""
