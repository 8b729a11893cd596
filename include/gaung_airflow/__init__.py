"""The one adapter between Airflow and Gaung: operators, task profiles and assets."""
