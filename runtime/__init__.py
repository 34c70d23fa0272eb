"""What every component needs: settings, topics, Kafka clients, Faust app, logs."""
