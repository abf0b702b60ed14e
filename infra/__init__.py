"""Real servers on loopback, without containers: Apache Kafka, PostgreSQL and Redis, for tests and for a day at work."""
