"""Block I of OCPP 2.0.1: tariff and cost, as a driver reads them."""
